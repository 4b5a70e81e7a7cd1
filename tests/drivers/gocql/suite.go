// The cases of tests/drivers/README.md through gocql; ../gocql2 builds the same file with version 2 of the driver.
package main

import (
	"bytes"
	"context"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gocql/gocql"
	"gopkg.in/inf.v0"
)

const suiteName = "gocql"
const longestGap = 10 * time.Second

var (
	hosts      = strings.Split(os.Getenv("KEYZONE_HOSTS"), ",")
	port, _    = strconv.Atoi(os.Getenv("KEYZONE_PORT"))
	dataCenter = os.Getenv("KEYZONE_DC")
	replicas   = os.Getenv("KEYZONE_REPLICAS")
	keyspace   = "driver_" + suiteName
	session    *gocql.Session
	observed   = &observer{}
)

// The node that each request went to.
type observer struct {
	mutex sync.Mutex
	last  string
}

func (o *observer) ObserveQuery(_ context.Context, query gocql.ObservedQuery) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.last = query.Host.ConnectAddress().String()
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func expect(condition bool, format string, values ...interface{}) {
	if !condition {
		panic(fmt.Errorf(format, values...))
	}
}

func configuration(change func(*gocql.ClusterConfig)) *gocql.ClusterConfig {
	config := gocql.NewCluster(hosts...)
	config.Port = port
	config.Timeout = 20 * time.Second
	config.ConnectTimeout = 10 * time.Second
	config.ReconnectInterval = time.Second
	config.SocketKeepalive = time.Second
	config.Consistency = gocql.Quorum
	config.PoolConfig.HostSelectionPolicy = gocql.TokenAwareHostPolicy(gocql.DCAwareRoundRobinPolicy(dataCenter))
	if change != nil {
		change(config)
	}
	return config
}

func connect(change func(*gocql.ClusterConfig)) *gocql.Session {
	result, err := gocql.NewSession(*configuration(change))
	check(err)
	return result
}

func run(statement string, values ...interface{}) {
	if err := session.Query(statement, values...).Exec(); err != nil {
		panic(fmt.Errorf("%s: %w", statement, err))
	}
}

func scan(statement string, values []interface{}, targets ...interface{}) {
	if err := session.Query(statement, values...).Scan(targets...); err != nil {
		panic(fmt.Errorf("%s: %w", statement, err))
	}
}

func waitUntil(what string, limit time.Duration, condition func() bool) {
	for deadline := time.Now().Add(limit); !condition(); time.Sleep(50 * time.Millisecond) {
		expect(time.Now().Before(deadline), "after %v still not: %s", limit, what)
	}
}

func connectsToEveryNode() {
	ids, zones := map[string]bool{}, map[string]bool{}
	for _, host := range hosts {
		one := connect(func(config *gocql.ClusterConfig) {
			config.Hosts = []string{host}
			config.DisableInitialHostLookup = true
		})
		var id gocql.UUID
		var address, rack, center string
		check(one.Query("SELECT host_id, rpc_address, rack, data_center FROM system.local WHERE key='local'").
			Scan(&id, &address, &rack, &center))
		one.Close()
		expect(address == host, "%s says that it is %s", host, address)
		expect(center == dataCenter, "%s says that it is in %s", host, center)
		ids[id.String()], zones[rack] = true, true
	}
	expect(len(ids) == len(hosts), "host ids %v", ids)
	expect(len(zones) == len(hosts) || len(zones) == 3, "zones %v", zones)
}

func createsSchema() {
	run("CREATE TYPE address (street text, number int, tags frozen<set<text>>)")
	run(`CREATE TABLE everything (
		id int, part text, at timestamp, fixed text static, v_ascii ascii, v_bigint bigint, v_blob blob,
		v_boolean boolean, v_date date, v_decimal decimal, v_double double, v_duration duration, v_float float,
		v_inet inet, v_int int, v_smallint smallint, v_text text, v_time time, v_timestamp timestamp,
		v_timeuuid timeuuid, v_tinyint tinyint, v_uuid uuid, v_varchar varchar, v_varint varint,
		v_list list<int>, v_set set<text>, v_map map<text, bigint>, v_frozen frozen<map<int, frozen<list<text>>>>,
		v_tuple tuple<int, text, double>, v_type address, v_frozen_type frozen<address>,
		PRIMARY KEY ((id, part), at)) WITH CLUSTERING ORDER BY (at DESC)`)
	var table *gocql.TableMetadata
	waitUntil("the table is in the metadata", 20*time.Second, func() bool { // gocql gathers events for a second
		metadata, err := session.KeyspaceMetadata(keyspace)
		check(err)
		table = metadata.Tables["everything"]
		return table != nil
	})
	expect(len(table.PartitionKey) == 2 && table.PartitionKey[1].Name == "part", "partition key %v", table.PartitionKey)
	expect(len(table.ClusteringColumns) == 1 && table.ClusteringColumns[0].Name == "at", "clustering")
	expect(table.Columns["at"].Order == gocql.DESC, "order of at")
	expect(table.Columns["fixed"].Kind == gocql.ColumnStatic, "kind of fixed")
}

type address struct {
	Street *string  `cql:"street"`
	Number *int     `cql:"number"`
	Tags   []string `cql:"tags"`
}

func pointer[T any](value T) *T { return &value }

type typed struct {
	name   string
	value  interface{}
	target func() interface{} // a pointer to a fresh variable of the value's type
}

func of[T any](name string, value T) typed {
	return typed{name, value, func() interface{} { return new(T) }}
}

func values() []typed {
	moment := time.Date(2024, 2, 29, 12, 34, 56, 789e6, time.UTC)
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	uuid, _ := gocql.ParseUUID("123e4567-e89b-12d3-a456-426614174000")
	decimal, _ := new(inf.Dec).SetString("-123456789012345678901234567890.123456789")
	return []typed{
		of("v_ascii", "plain"), of("v_bigint", int64(-1<<63)), of("v_blob", all), of("v_boolean", true),
		of("v_date", time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC)), of("v_decimal", decimal), of("v_double", -2.5e-300),
		of("v_duration", gocql.Duration{Months: 14, Days: 3, Nanoseconds: 1e15}), of("v_float", float32(1.5)),
		of("v_inet", net.ParseIP("2001:db8::1")), of("v_int", -1<<31), of("v_smallint", int16(1<<15-1)),
		of("v_text", "naïve 日本 🗝"), of("v_time", 24*time.Hour-1), of("v_timestamp", moment),
		of("v_timeuuid", gocql.UUIDFromTime(moment)), of("v_tinyint", int8(-128)), of("v_uuid", uuid),
		of("v_varchar", strings.Repeat("x", 100_000)), of("v_varint", new(big.Int).Lsh(big.NewInt(1), 200)),
		of("v_list", []int{3, 1, 2, 1}), of("v_set", []string{"a", "b"}), of("v_map", map[string]int64{"one": 1, "two": 2}),
		of("v_frozen", map[int][]string{1: {"a", "b"}, 2: {}}),
		of("v_type", address{pointer("High St"), pointer(5), []string{"x"}}),
		of("v_frozen_type", address{pointer("Low St"), nil, []string{"y", "z"}}),
	}
}

func insert(at time.Time, row []typed, null bool) {
	names, marks := "", ""
	bound := []interface{}{1, "p", at}
	for _, column := range row {
		names, marks = names+", "+column.name, marks+", ?"
		if null {
			bound = append(bound, reflect.Zero(reflect.PtrTo(reflect.TypeOf(column.value))).Interface())
		} else {
			bound = append(bound, column.value)
		}
	}
	run("INSERT INTO everything (id, part, at"+names+") VALUES (?, ?, ?"+marks+")", bound...)
}

func read(at time.Time, name string, targets ...interface{}) {
	scan("SELECT "+name+" FROM everything WHERE id = ? AND part = ? AND at = ?", []interface{}{1, "p", at}, targets...)
}

func allTypes() {
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	row := values()
	insert(at, row, false)
	for _, column := range row {
		target := column.target()
		read(at, column.name, target)
		found := reflect.ValueOf(target).Elem().Interface()
		same := reflect.DeepEqual(found, column.value)
		switch value := column.value.(type) {
		case *inf.Dec:
			same = found.(*inf.Dec).Cmp(value) == 0
		case *big.Int:
			same = found.(*big.Int).Cmp(value) == 0
		case time.Time:
			same = found.(time.Time).Equal(value)
		case net.IP:
			same = found.(net.IP).Equal(value)
		}
		expect(same, "%s is %v instead of %v", column.name, found, column.value)
	}
	run("UPDATE everything SET v_tuple = (1, 'two', null) WHERE id = 1 AND part = 'p' AND at = ?", at)
	var first int
	var second string
	var third *float64
	read(at, "v_tuple", &first, &second, &third)
	expect(first == 1 && second == "two" && third == nil, "the tuple is (%d, %s, %v)", first, second, third)
}

func nulls() {
	at := time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC)
	insert(at, values(), false)
	insert(at, values(), true)
	for _, column := range values() {
		if reflect.TypeOf(column.value).Kind() == reflect.Ptr {
			continue // *big.Int and *inf.Dec are read into themselves
		}
		target := reflect.New(reflect.PtrTo(reflect.TypeOf(column.value)))
		read(at, column.name, target.Interface())
		expect(target.Elem().IsNil(), "%s is not null", column.name)
	}
}

func empties() {
	at := time.Date(2024, 1, 3, 0, 0, 0, 0, time.UTC)
	insert(at, []typed{of("v_text", ""), of("v_blob", []byte{}), of("v_list", []int{}), of("v_set", []string{}),
		of("v_map", map[string]int64{}), of("v_frozen", map[int][]string{})}, false)
	var text *string
	var blob []byte
	var list []int
	var frozen *map[int][]string
	read(at, "v_text", &text)
	read(at, "v_blob", &blob)
	read(at, "v_list", &list)
	read(at, "v_frozen", &frozen)
	expect(text != nil && *text == "", "an empty text")
	expect(bytes.Equal(blob, []byte{}), "an empty blob")
	expect(list == nil, "an empty list is no list")
	expect(frozen != nil && len(*frozen) == 0, "an empty frozen map is kept")
}

func prepared() {
	run("CREATE TABLE prepared (k int PRIMARY KEY, a text, b text)")
	run("INSERT INTO prepared (k, a, b) VALUES (?, ?, ?)", 1, "a", "b")
	run("INSERT INTO prepared (k, a, b) VALUES (?, ?, ?)", 1, gocql.UnsetValue, "b9")
	run("INSERT INTO prepared (k, a, b) VALUES (:k, :a, :b)", gocql.NamedValue("k", 2), gocql.NamedValue("a", "a2"),
		gocql.NamedValue("b", "b2"))
	var a, b string
	scan("SELECT a, b FROM prepared WHERE k = ?", []interface{}{1}, &a, &b)
	expect(a == "a" && b == "b9", "%s %s", a, b)
	scan("SELECT a, b FROM prepared WHERE k = ?", []interface{}{2}, &a, &b)
	expect(a == "a2" && b == "b2", "%s %s", a, b)
	err := session.Query("SELECT a FROM prepared WHERE k = ?", 3).Scan(&a)
	expect(err == gocql.ErrNotFound, "a row that is not there: %v", err)
}

func paged() {
	run("CREATE TABLE paged (p int, c int, v text, PRIMARY KEY (p, c))")
	var group sync.WaitGroup
	problems := make(chan error, 1400)
	for worker := 0; worker < 16; worker++ {
		group.Add(1)
		go func(worker int) {
			defer group.Done()
			for c := worker; c < 1400; c += 16 {
				problems <- session.Query("INSERT INTO paged (p, c, v) VALUES (?, ?, ?)", c%7, c, fmt.Sprint("v", c)).Exec()
			}
		}(worker)
	}
	group.Wait()
	close(problems)
	for problem := range problems {
		check(problem)
	}
	iter := session.Query("SELECT c FROM paged WHERE p = 3").PageSize(30).Iter()
	c, expected := 0, 3
	for iter.Scan(&c) {
		expect(c == expected, "%d instead of %d", c, expected)
		expected += 7
	}
	check(iter.Close())
	expect(expected > 1399, "it ended before %d", expected)
	first := session.Query("SELECT c FROM paged WHERE p = 3").PageSize(10).Iter()
	state := first.PageState()
	check(first.Close())
	next := session.Query("SELECT c FROM paged WHERE p = 3").PageSize(10).PageState(state).Iter()
	expect(next.Scan(&c) && c == 73, "the second page begins with %d", c)
	check(next.Close())
	all := session.Query("SELECT p, c FROM paged").PageSize(100).Iter()
	p, count := 0, 0
	for all.Scan(&p, &c) {
		count++
	}
	check(all.Close())
	expect(count == 1400, "%d rows", count)
}

func batches() {
	run("CREATE TABLE batched (p int, c int, v text, PRIMARY KEY (p, c))")
	run("CREATE TABLE counted (p int PRIMARY KEY, n counter)")
	for number, kind := range []gocql.BatchType{gocql.LoggedBatch, gocql.UnloggedBatch} {
		batch := session.NewBatch(kind)
		for p := 0; p < 5; p++ {
			batch.Query("INSERT INTO batched (p, c, v) VALUES (?, ?, ?)", p, number, "x")
		}
		batch.Query("INSERT INTO batched (p, c, v) VALUES (9, 9, 'simple')")
		check(session.ExecuteBatch(batch))
	}
	var count int
	scan("SELECT count(*) FROM batched", nil, &count)
	expect(count == 11, "%d rows", count)
	batch := session.NewBatch(gocql.LoggedBatch).WithTimestamp(5)
	batch.Query("INSERT INTO batched (p, c, v) VALUES (8, 8, 'x')")
	check(session.ExecuteBatch(batch))
	var stamp int64
	scan("SELECT writetime(v) FROM batched WHERE p = 8", nil, &stamp)
	expect(stamp == 5, "stamp %d", stamp)
	counters := session.NewBatch(gocql.CounterBatch)
	for _, p := range []int{1, 1, 2} {
		counters.Query("UPDATE counted SET n = n + ? WHERE p = ?", int64(10), p)
	}
	check(session.ExecuteBatch(counters))
	run("UPDATE counted SET n = n - 3 WHERE p = 1")
	var n int64
	scan("SELECT n FROM counted WHERE p = 1", nil, &n)
	expect(n == 17, "the counter is %d", n)
}

func lightweightTransactions() {
	run("CREATE TABLE accounts (name text PRIMARY KEY, balance int, owner text)")
	insertion := "INSERT INTO accounts (name, balance) VALUES (?, ?) IF NOT EXISTS"
	before := map[string]interface{}{}
	applied, err := session.Query(insertion, "a", 10).MapScanCAS(before)
	check(err)
	expect(applied, "the first insert")
	applied, err = session.Query(insertion, "a", 99).MapScanCAS(before)
	check(err)
	expect(!applied && before["balance"] == 10, "the second insert found %v", before)
	var balance int
	update := "UPDATE accounts SET balance = ? WHERE name = ? IF balance = ?"
	applied, err = session.Query(update, 20, "a", 10).SerialConsistency(gocql.LocalSerial).ScanCAS(&balance)
	check(err)
	expect(applied, "the update")
	applied, err = session.Query(update, 30, "a", 10).ScanCAS(&balance)
	check(err)
	expect(!applied && balance == 20, "the second update found %d", balance)
	batch := session.NewBatch(gocql.LoggedBatch)
	batch.Query("UPDATE accounts SET owner = 'x' WHERE name = 'a' IF balance = 20")
	applied, _, err = session.MapExecuteBatchCAS(batch, map[string]interface{}{})
	check(err)
	expect(applied, "the batch with a condition")
}

type node struct {
	address, rack string
	token         int64
}

// The nodes by token, as their own tables publish it.
func ring() []node {
	var result []node
	add := func(address, rack string, tokens []string) {
		for _, text := range tokens {
			token, err := strconv.ParseInt(text, 10, 64)
			check(err)
			result = append(result, node{address, rack, token})
		}
	}
	var address, rack string
	var tokens []string
	one := connect(func(config *gocql.ClusterConfig) {
		config.Hosts = hosts[:1]
		config.DisableInitialHostLookup = true
	})
	defer one.Close()
	check(one.Query("SELECT rpc_address, rack, tokens FROM system.local WHERE key='local'").Scan(&address, &rack, &tokens))
	add(address, rack, tokens)
	iter := one.Query("SELECT native_address, rack, tokens FROM system.peers_v2").Iter()
	for iter.Scan(&address, &rack, &tokens) {
		add(address, rack, tokens)
	}
	check(iter.Close())
	sort.Slice(result, func(i, j int) bool { return result[i].token < result[j].token })
	return result
}

// The first node of each zone from the token onwards: what NetworkTopologyStrategy makes of one replica a zone.
func replicasOf(token int64, nodes []node) map[string]bool {
	start := sort.Search(len(nodes), func(i int) bool { return nodes[i].token >= token })
	zones, result := map[string]bool{}, map[string]bool{}
	for i := range nodes {
		candidate := nodes[(start+i)%len(nodes)]
		if !zones[candidate.rack] {
			zones[candidate.rack], result[candidate.address] = true, true
		}
	}
	return result
}

func routing() {
	run("CREATE TABLE routed (k text PRIMARY KEY, v int)")
	nodes := ring()
	asked := map[string]bool{}
	for number := 0; number < 60; number++ {
		key := fmt.Sprint("key ", number)
		run("INSERT INTO routed (k, v) VALUES (?, ?)", key, number)
		observed.mutex.Lock()
		coordinator := observed.last
		observed.mutex.Unlock()
		var token int64
		scan("SELECT token(k) FROM routed WHERE k = ?", []interface{}{key}, &token)
		owners := replicasOf(token, nodes)
		expect(fmt.Sprint(len(owners)) == replicas, "the replicas of %s are %v", key, owners)
		expect(owners[coordinator], "%s was sent to %s, and its replicas are %v", key, coordinator, owners)
		asked[coordinator] = true
	}
	expect(len(asked) == len(hosts) || len(asked) > 1, "only %v were asked", asked)
}

func schemaEvents() {
	other := connect(func(config *gocql.ClusterConfig) { config.Keyspace = keyspace })
	defer other.Close()
	table := func() *gocql.TableMetadata {
		metadata, err := session.KeyspaceMetadata(keyspace)
		check(err)
		return metadata.Tables["appearing"]
	}
	expect(table() == nil, "the table is there too early")
	check(other.Query("CREATE TABLE appearing (k int PRIMARY KEY)").Exec())
	waitUntil("the table is seen", 20*time.Second, func() bool { return table() != nil })
	check(other.Query("ALTER TABLE appearing ADD late text").Exec())
	waitUntil("the column is seen", 20*time.Second, func() bool { return table().Columns["late"] != nil })
	check(other.Query("DROP TABLE appearing").Exec())
	waitUntil("the table is gone", 20*time.Second, func() bool { return table() == nil })
}

// Wraps the policy to learn when the driver counts a node as up or down.
type statusPolicy struct {
	gocql.HostSelectionPolicy
	mutex     sync.Mutex
	up, downs map[string]int
}

func (p *statusPolicy) HostUp(host *gocql.HostInfo) {
	p.mutex.Lock()
	p.up[host.ConnectAddress().String()]++
	p.mutex.Unlock()
	p.HostSelectionPolicy.HostUp(host)
}

func (p *statusPolicy) HostDown(host *gocql.HostInfo) {
	p.mutex.Lock()
	p.downs[host.ConnectAddress().String()]++
	p.mutex.Unlock()
	p.HostSelectionPolicy.HostDown(host)
}

func (p *statusPolicy) count(of map[string]int, host string) int {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return of[host]
}

func control(variable, node string) {
	words := append(strings.Fields(os.Getenv(variable)), node)
	check(exec.Command(words[0], words[1:]...).Run())
}

func survivesAKilledNode() {
	if os.Getenv("KEYZONE_KILL_CMD") == "" {
		panic("left out: no cluster to kill")
	}
	policy := &statusPolicy{
		HostSelectionPolicy: gocql.TokenAwareHostPolicy(gocql.DCAwareRoundRobinPolicy(dataCenter)),
		up:                  map[string]int{}, downs: map[string]int{}}
	one := connect(func(config *gocql.ClusterConfig) {
		config.Keyspace = keyspace
		config.Timeout = 3 * time.Second
		config.PoolConfig.HostSelectionPolicy = policy
		config.RetryPolicy = &gocql.SimpleRetryPolicy{NumRetries: 5}
	})
	defer one.Close()
	check(one.Query("CREATE TABLE surviving (k int PRIMARY KEY)").Exec())
	written, next, failures, gap, last := map[int]bool{}, 0, 0, time.Duration(0), time.Now()
	writeFor := func(duration time.Duration) {
		for end := time.Now().Add(duration); time.Now().Before(end); next++ {
			if err := one.Query("INSERT INTO surviving (k) VALUES (?)", next).Idempotent(true).Exec(); err != nil {
				failures++
				time.Sleep(50 * time.Millisecond)
				continue
			}
			written[next] = true
			if time.Since(last) > gap {
				gap = time.Since(last)
			}
			last = time.Now()
		}
	}
	writeFor(time.Second)
	upBefore := policy.count(policy.up, hosts[1])
	control("KEYZONE_KILL_CMD", "2")
	writeFor(5 * time.Second)
	waitUntil("the driver knows that the node is down", 20*time.Second,
		func() bool { return policy.count(policy.downs, hosts[1]) > 0 })
	control("KEYZONE_RESTART_CMD", "2")
	writeFor(5 * time.Second)
	waitUntil("the driver knows that the node is up", 40*time.Second,
		func() bool { return policy.count(policy.up, hosts[1]) > upBefore })
	writeFor(2 * time.Second)
	iter, k := one.Query("SELECT k FROM surviving").Iter(), 0
	total := len(written)
	for iter.Scan(&k) {
		delete(written, k)
	}
	check(iter.Close())
	fmt.Printf("    %d rows written, %d errors, longest gap %v\n", total, failures, gap.Round(time.Millisecond))
	expect(len(written) == 0, "%d acknowledged rows are lost", len(written))
	expect(gap < longestGap, "no write for %v", gap)
}

func attempt(name string, body func()) (problem interface{}) {
	defer func() { problem = recover() }()
	body()
	return nil
}

func main() {
	cases := []struct {
		name string
		body func()
	}{
		{"connects_to_every_node", connectsToEveryNode}, {"creates_schema", createsSchema}, {"all_types", allTypes},
		{"nulls", nulls}, {"empties", empties}, {"prepared", prepared}, {"paged", paged}, {"batches", batches},
		{"lightweight_transactions", lightweightTransactions}, {"routing", routing}, {"schema_events", schemaEvents},
		{"survives_a_killed_node", survivesAKilledNode},
	}
	admin := connect(nil)
	check(admin.Query("DROP KEYSPACE IF EXISTS " + keyspace).Exec())
	check(admin.Query(fmt.Sprintf("CREATE KEYSPACE %s WITH replication = {'class': 'NetworkTopologyStrategy', '%s': %s}",
		keyspace, dataCenter, replicas)).Exec())
	session = connect(func(config *gocql.ClusterConfig) {
		config.Keyspace = keyspace
		config.QueryObserver = observed
	})
	passed, failed := 0, 0
	for _, one := range cases {
		wanted := len(os.Args) < 2
		for _, word := range os.Args[1:] {
			wanted = wanted || strings.Contains(one.name, word)
		}
		if !wanted {
			continue
		}
		problem := attempt(one.name, one.body)
		if text, isText := problem.(string); isText && strings.HasPrefix(text, "left out: ") {
			fmt.Printf("left out %s: %s\n", one.name, text[len("left out: "):])
		} else if problem != nil {
			failed++
			fmt.Printf("FAILED %s\n  %v\n", one.name, problem)
		} else {
			passed++
			fmt.Printf("ok %s\n", one.name)
		}
	}
	check(admin.Query("DROP KEYSPACE " + keyspace).Exec())
	fmt.Printf("%s: %d passed, %d failed\n", suiteName, passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}
