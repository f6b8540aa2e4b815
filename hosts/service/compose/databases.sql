-- A database for each service, all of them open to the user that compose names.
CREATE DATABASE IF NOT EXISTS mercer_user;
CREATE DATABASE IF NOT EXISTS mercer_product;
CREATE DATABASE IF NOT EXISTS mercer_cart;
CREATE DATABASE IF NOT EXISTS mercer_order;
CREATE DATABASE IF NOT EXISTS mercer_payment;
CREATE DATABASE IF NOT EXISTS mercer_notification;
GRANT ALL ON `mercer\_%`.* TO 'mercer'@'%';
