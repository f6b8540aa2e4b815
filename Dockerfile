# One image for every program of Mercer: static binaries, no shell, no root.
FROM golang:1.26 AS build
ARG GOPROXY=https://proxy.golang.org,direct
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY commerce commerce
COPY transport transport
COPY hosts hosts
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/ ./hosts/gateway ./hosts/service ./hosts/server ./hosts/mercer \
 && mkdir -p /out/data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/gateway /out/service /out/server /out/mercer /
# Whoever mounts a volume here gets a directory that the user may write to.
COPY --from=build --chown=65532:65532 /out/data /data
ENV MERCER_ADDR=0.0.0.0:3001 MERCER_DATA=/data
USER 65532:65532
EXPOSE 3001
CMD ["/server"]
