package telemetry

import (
	"database/sql"

	"github.com/prometheus/client_golang/prometheus"
)

// Pools shows how busy the connections to the database are, in
// mercer_db_connections, mercer_db_waits_total and mercer_db_wait_seconds_total,
// by pool. stats is bunstore.DB.Stats. Pools is called once.
func (t *Telemetry) Pools(stats func() map[string]sql.DBStats) {
	t.registry.MustRegister(pools(stats))
}

var (
	descConnections = prometheus.NewDesc("mercer_db_connections", "Connections to the database, by state: in_use or idle.", []string{"pool", "state"}, nil)
	descMost        = prometheus.NewDesc("mercer_db_connections_max", "Connections that there may be; 0 is any number.", []string{"pool"}, nil)
	descWaits       = prometheus.NewDesc("mercer_db_waits_total", "Times that work waited for a connection.", []string{"pool"}, nil)
	descWaited      = prometheus.NewDesc("mercer_db_wait_seconds_total", "Time that work waited for connections.", []string{"pool"}, nil)
)

// pools is a collector of the state of connections.
type pools func() map[string]sql.DBStats

// Describe implements prometheus.Collector.
func (p pools) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descConnections, descMost, descWaits, descWaited} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (p pools) Collect(ch chan<- prometheus.Metric) {
	for name, s := range p() {
		ch <- prometheus.MustNewConstMetric(descConnections, prometheus.GaugeValue, float64(s.InUse), name, "in_use")
		ch <- prometheus.MustNewConstMetric(descConnections, prometheus.GaugeValue, float64(s.Idle), name, "idle")
		ch <- prometheus.MustNewConstMetric(descMost, prometheus.GaugeValue, float64(s.MaxOpenConnections), name)
		ch <- prometheus.MustNewConstMetric(descWaits, prometheus.CounterValue, float64(s.WaitCount), name)
		ch <- prometheus.MustNewConstMetric(descWaited, prometheus.CounterValue, s.WaitDuration.Seconds(), name)
	}
}
