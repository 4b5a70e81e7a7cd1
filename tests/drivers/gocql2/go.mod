module keyzone/tests/drivers/gocql2

go 1.19

require (
	github.com/apache/cassandra-gocql-driver/v2 v2.0.0
	gopkg.in/inf.v0 v0.9.1
)
