// The cases of tests/drivers/README.md through the Java driver 4.
import com.datastax.oss.driver.api.core.CqlIdentifier;
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.CqlSessionBuilder;
import com.datastax.oss.driver.api.core.DefaultConsistencyLevel;
import com.datastax.oss.driver.api.core.config.DefaultDriverOption;
import com.datastax.oss.driver.api.core.config.DriverConfigLoader;
import com.datastax.oss.driver.api.core.cql.BatchStatement;
import com.datastax.oss.driver.api.core.cql.BoundStatement;
import com.datastax.oss.driver.api.core.cql.BoundStatementBuilder;
import com.datastax.oss.driver.api.core.cql.DefaultBatchType;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.ResultSet;
import com.datastax.oss.driver.api.core.cql.Row;
import com.datastax.oss.driver.api.core.cql.SimpleStatement;
import com.datastax.oss.driver.api.core.data.CqlDuration;
import com.datastax.oss.driver.api.core.data.CqlVector;
import com.datastax.oss.driver.api.core.data.UdtValue;
import com.datastax.oss.driver.api.core.metadata.Node;
import com.datastax.oss.driver.api.core.metadata.NodeState;
import com.datastax.oss.driver.api.core.metadata.schema.ClusteringOrder;
import com.datastax.oss.driver.api.core.metadata.schema.KeyspaceMetadata;
import com.datastax.oss.driver.api.core.metadata.schema.TableMetadata;
import com.datastax.oss.driver.api.core.type.TupleType;
import com.datastax.oss.driver.api.core.type.UserDefinedType;
import com.datastax.oss.driver.api.core.type.codec.TypeCodecs;
import com.datastax.oss.driver.api.core.uuid.Uuids;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;

public final class Suite {
  private static final String KEYSPACE = "driver_java";
  private static final Duration LONGEST_GAP = Duration.ofSeconds(10);
  private static final List<String> HOSTS = List.of(System.getenv("KEYZONE_HOSTS").split(","));
  private static final int PORT = Integer.parseInt(System.getenv("KEYZONE_PORT"));
  private static final String DATA_CENTER = System.getenv("KEYZONE_DC");
  private static final int REPLICAS = Integer.parseInt(System.getenv("KEYZONE_REPLICAS"));

  private interface Case {
    void run() throws Exception;
  }

  private static final class LeftOut extends RuntimeException {
    private static final long serialVersionUID = 1;

    LeftOut(String reason) {
      super(reason);
    }
  }

  private final CqlSession session;

  private Suite(CqlSession session) {
    this.session = session;
  }

  private static CqlSession connect(Collection<String> hosts, String keyspace) {
    DriverConfigLoader options = DriverConfigLoader.programmaticBuilder()
        .withDuration(DefaultDriverOption.REQUEST_TIMEOUT, Duration.ofSeconds(20))
        .withDuration(DefaultDriverOption.CONNECTION_INIT_QUERY_TIMEOUT, Duration.ofSeconds(10))
        .withDuration(DefaultDriverOption.HEARTBEAT_INTERVAL, Duration.ofSeconds(2))
        .withDuration(DefaultDriverOption.HEARTBEAT_TIMEOUT, Duration.ofSeconds(2))
        .withDuration(DefaultDriverOption.RECONNECTION_BASE_DELAY, Duration.ofMillis(500))
        .withDuration(DefaultDriverOption.RECONNECTION_MAX_DELAY, Duration.ofSeconds(2))
        .withString(DefaultDriverOption.REQUEST_CONSISTENCY, "LOCAL_QUORUM")
        .build();
    CqlSessionBuilder builder = CqlSession.builder().withConfigLoader(options).withLocalDatacenter(DATA_CENTER);
    hosts.forEach(host -> builder.addContactPoint(new InetSocketAddress(host, PORT)));
    return keyspace == null ? builder.build() : builder.withKeyspace(keyspace).build();
  }

  private static void expect(boolean condition, String message, Object... values) {
    if (!condition) {
      throw new AssertionError(String.format(message, values));
    }
  }

  private static void equal(Object found, Object expected, String what) {
    expect(expected.equals(found), "%s is %s instead of %s", what, found, expected);
  }

  private static void waitUntil(String what, int seconds, BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + seconds * 1_000_000_000L;
    while (!condition.getAsBoolean()) {
      expect(System.nanoTime() < deadline, "after %d s still not: %s", seconds, what);
      Thread.sleep(50);
    }
  }

  private static String addressOf(Node node) {
    return ((InetSocketAddress) node.getEndPoint().resolve()).getAddress().getHostAddress();
  }

  private KeyspaceMetadata metadata() {
    return session.getMetadata().getKeyspace(KEYSPACE).orElseThrow();
  }

  private void connectsToEveryNode() {
    Set<String> found = new HashSet<>();
    Set<UUID> ids = new HashSet<>();
    Set<String> zones = new HashSet<>();
    for (Node node : session.getMetadata().getNodes().values()) {
      found.add(addressOf(node));
      ids.add(node.getHostId());
      zones.add(node.getRack());
      SimpleStatement query =
          SimpleStatement.newInstance("SELECT rpc_address, host_id FROM system.local WHERE key = 'local'").setNode(node);
      Row row = session.execute(query).one();
      equal(row.getInetAddress(0).getHostAddress(), addressOf(node), "rpc_address");
      equal(row.getUuid(1), node.getHostId(), "host_id");
      expect(node.getState() == NodeState.UP, "%s is %s", node, node.getState());
    }
    equal(found, new HashSet<>(HOSTS), "the nodes in the metadata");
    expect(ids.size() == HOSTS.size() && zones.size() == Math.min(3, HOSTS.size()), "ids %s zones %s", ids, zones);
  }

  private void createsSchema() {
    session.execute("CREATE TYPE address (street text, number int, tags frozen<set<text>>)");
    session.execute("CREATE TABLE everything ("
        + "id int, part text, at timestamp, fixed text static, v_ascii ascii, v_bigint bigint, v_blob blob, "
        + "v_boolean boolean, v_date date, v_decimal decimal, v_double double, v_duration duration, v_float float, "
        + "v_inet inet, v_int int, v_smallint smallint, v_text text, v_time time, v_timestamp timestamp, "
        + "v_timeuuid timeuuid, v_tinyint tinyint, v_uuid uuid, v_varchar varchar, v_varint varint, "
        + "v_list list<int>, v_set set<text>, v_map map<text, bigint>, "
        + "v_frozen frozen<map<int, frozen<list<text>>>>, v_tuple tuple<int, text, double>, v_type address, "
        + "v_frozen_type frozen<address>, v_vector vector<float, 3>, "
        + "PRIMARY KEY ((id, part), at)) WITH CLUSTERING ORDER BY (at DESC) AND comment = 'all types'");
    TableMetadata table = metadata().getTable("everything").orElseThrow();
    expect(table.getPartitionKey().size() == 2, "partition key %s", table.getPartitionKey());
    equal(table.getClusteringColumns().values().iterator().next(), ClusteringOrder.DESC, "order");
    expect(table.getColumn("fixed").orElseThrow().isStatic(), "fixed is not static");
    equal(table.getOptions().get(CqlIdentifier.fromCql("comment")), "all types", "comment");
    expect(table.describe(true).contains("v_vector"), "%s", table.describe(true));
    expect(metadata().getUserDefinedType("address").isPresent(), "the type is not in the metadata");
  }

  private UdtValue address(String street, Integer number, Set<String> tags) {
    UserDefinedType type = metadata().getUserDefinedType("address").orElseThrow();
    UdtValue value = type.newValue().setString("street", street).setSet("tags", tags, String.class);
    return number == null ? value.setToNull("number") : value.setInt("number", number);
  }

  private Map<String, Object> values() throws IOException {
    byte[] all = new byte[256];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) i;
    }
    TupleType tuple = (TupleType) metadata().getTable("everything").orElseThrow().getColumn("v_tuple").orElseThrow().getType();
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("v_ascii", "plain");
    row.put("v_bigint", Long.MIN_VALUE);
    row.put("v_blob", ByteBuffer.wrap(all));
    row.put("v_boolean", true);
    row.put("v_date", LocalDate.of(1969, 12, 31));
    row.put("v_decimal", new BigDecimal("-123456789012345678901234567890.123456789"));
    row.put("v_double", -2.5e-300);
    row.put("v_duration", CqlDuration.newInstance(14, 3, 1_000_000_000_000_000L));
    row.put("v_float", 1.5f);
    row.put("v_inet", InetAddress.getByName("2001:db8::1"));
    row.put("v_int", Integer.MIN_VALUE);
    row.put("v_smallint", Short.MAX_VALUE);
    row.put("v_text", "naïve 日本 🗝");
    row.put("v_time", LocalTime.MAX);
    row.put("v_timestamp", Instant.parse("2024-02-29T12:34:56.789Z"));
    row.put("v_timeuuid", Uuids.startOf(1_709_210_096_789L));
    row.put("v_tinyint", Byte.MIN_VALUE);
    row.put("v_uuid", UUID.fromString("123e4567-e89b-12d3-a456-426614174000"));
    row.put("v_varchar", "x".repeat(100_000));
    row.put("v_varint", BigInteger.ONE.shiftLeft(200).negate());
    row.put("v_list", List.of(3, 1, 2, 1));
    row.put("v_set", Set.of("a", "b"));
    row.put("v_map", Map.of("one", 1L, "two", 2L));
    row.put("v_frozen", Map.of(1, List.of("a", "b"), 2, List.of()));
    row.put("v_tuple", tuple.newValue(1, "two", null));
    row.put("v_type", address("High St", 5, Set.of("x")));
    row.put("v_frozen_type", address("Low St", null, Set.of("y", "z")));
    row.put("v_vector", CqlVector.newInstance(0.5f, -1.0f, 2.25f));
    return row;
  }

  private static Instant day(int number) {
    return Instant.parse("2024-01-01T00:00:00Z").plus(Duration.ofDays(number));
  }

  private void insert(int day, Map<String, Object> row, boolean nulls) {
    PreparedStatement statement = session.prepare("INSERT INTO everything (id, part, at, "
        + String.join(", ", row.keySet()) + ") VALUES (1, 'p', ?" + ", ?".repeat(row.size()) + ")");
    BoundStatementBuilder bound = statement.boundStatementBuilder().setInstant("at", day(day));
    for (Map.Entry<String, Object> column : row.entrySet()) {
      if (nulls) {
        bound.setToNull(column.getKey());
      } else if (column.getValue() instanceof CqlVector) {
        @SuppressWarnings("unchecked")
        CqlVector<Float> vector = (CqlVector<Float>) column.getValue();
        bound.setVector(column.getKey(), vector, Float.class);
      } else {
        bound.set(column.getKey(), column.getValue(),
            session.getContext().getCodecRegistry().codecFor(
                statement.getVariableDefinitions().get(column.getKey()).getType(), column.getValue()));
      }
    }
    session.execute(bound.build());
  }

  private Row readOne(int day) {
    return session.execute("SELECT * FROM everything WHERE id = 1 AND part = 'p' AND at = ?", day(day)).one();
  }

  private void allTypes() throws IOException {
    insert(0, values(), false);
    Row row = readOne(0);
    for (Map.Entry<String, Object> column : values().entrySet()) {
      Object found = column.getValue() instanceof CqlVector ? row.getVector(column.getKey(), Float.class)
                                                            : row.getObject(column.getKey());
      equal(found, column.getValue(), column.getKey());
    }
  }

  private void nulls() throws IOException {
    insert(1, values(), false);
    insert(1, values(), true);
    Row row = readOne(1);
    for (String name : values().keySet()) {
      expect(row.isNull(name), "%s is not null", name);
    }
  }

  private void empties() {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("v_text", "");
    row.put("v_blob", ByteBuffer.allocate(0));
    row.put("v_list", List.of());
    row.put("v_set", Set.of());
    row.put("v_map", Map.of());
    row.put("v_frozen", Map.of());
    insert(2, row, false);
    Row found = readOne(2);
    equal(found.getString("v_text"), "", "v_text");
    equal(found.getByteBuffer("v_blob").remaining(), 0, "v_blob");
    expect(found.isNull("v_list") && found.isNull("v_set") && found.isNull("v_map"), "an empty collection is none");
    expect(!found.isNull("v_frozen"), "an empty frozen collection is kept");
    equal(found.getObject("v_frozen"), Map.of(), "v_frozen");
  }

  private void prepared() {
    session.execute("CREATE TABLE prepared (k int PRIMARY KEY, a text, b text)");
    PreparedStatement insertion = session.prepare("INSERT INTO prepared (k, a, b) VALUES (?, ?, ?)");
    session.execute(insertion.bind(1, "a", "b"));
    session.execute(insertion.bind().setInt(0, 1).setString("b", "b9"));  // a stays unset
    session.execute(session.prepare("INSERT INTO prepared (k, a, b) VALUES (:k, :x, :y)").bind()
        .setInt("k", 2).setString("x", "a2").setString("y", "b2"));
    PreparedStatement selection = session.prepare("SELECT a, b FROM prepared WHERE k = ?");
    equal(session.execute(selection.bind(1)).one().getFormattedContents(), "[a:'a', b:'b9']", "row 1");
    equal(session.execute(selection.bind(2)).one().getFormattedContents(), "[a:'a2', b:'b2']", "row 2");
    expect(session.execute(selection.bind(3)).one() == null, "row 3 is there");
    equal(session.execute(SimpleStatement.newInstance("SELECT b FROM prepared WHERE k = :k", Map.of("k", 2))).one()
        .getString(0), "b2", "by a named value");
    PreparedStatement star = session.prepare("SELECT * FROM prepared WHERE k = ?");
    session.execute(star.bind(1));
    session.execute("ALTER TABLE prepared ADD c int");
    equal(session.execute(star.bind(1)).getColumnDefinitions().size(), 4, "columns after ALTER");
  }

  private void paged() {
    session.execute("CREATE TABLE paged (p int, c int, v text, PRIMARY KEY (p, c))");
    PreparedStatement insertion = session.prepare("INSERT INTO paged (p, c, v) VALUES (?, ?, ?)");
    List<CompletionStage<?>> pending = new ArrayList<>();
    for (int c = 0; c < 1400; c++) {
      pending.add(session.executeAsync(insertion.bind(c % 7, c, "v" + c)));
    }
    pending.forEach(one -> one.toCompletableFuture().join());
    int expected = 3;
    for (Row row : session.execute(SimpleStatement.newInstance("SELECT c FROM paged WHERE p = 3").setPageSize(30))) {
      equal(row.getInt(0), expected, "c");
      expected += 7;
    }
    expect(expected > 1399, "it ended before %d", expected);
    SimpleStatement tens = SimpleStatement.newInstance("SELECT c FROM paged WHERE p = 3").setPageSize(10);
    ByteBuffer state = session.execute(tens).getExecutionInfo().getPagingState();
    ResultSet second = session.execute(tens.setPagingState(state));
    equal(second.getAvailableWithoutFetching(), 10, "rows of the second page");
    equal(second.one().getInt(0), 73, "the second page's first row");
    Set<Integer> all = new HashSet<>();
    session.execute(SimpleStatement.newInstance("SELECT c FROM paged").setPageSize(100)).forEach(row -> all.add(row.getInt(0)));
    equal(all.size(), 1400, "rows in all");
  }

  private void batches() {
    session.execute("CREATE TABLE batched (p int, c int, v text, PRIMARY KEY (p, c))");
    session.execute("CREATE TABLE counted (p int PRIMARY KEY, n counter)");
    PreparedStatement insertion = session.prepare("INSERT INTO batched (p, c, v) VALUES (?, ?, 'x')");
    for (DefaultBatchType kind : List.of(DefaultBatchType.LOGGED, DefaultBatchType.UNLOGGED)) {
      BatchStatement batch = BatchStatement.newInstance(kind);
      for (int p = 0; p < 5; p++) {
        batch = batch.add(insertion.bind(p, kind.ordinal()));
      }
      session.execute(batch);
    }
    equal(session.execute("SELECT count(*) FROM batched").one().getLong(0), 10L, "rows");
    session.execute(BatchStatement.newInstance(DefaultBatchType.LOGGED,
        SimpleStatement.newInstance("INSERT INTO batched (p, c, v) VALUES (8, 8, 'x')")).setQueryTimestamp(5));
    equal(session.execute("SELECT writetime(v) FROM batched WHERE p = 8").one().getLong(0), 5L, "stamp");
    PreparedStatement addition = session.prepare("UPDATE counted SET n = n + ? WHERE p = ?");
    session.execute(BatchStatement.newInstance(DefaultBatchType.COUNTER, addition.bind(10L, 1), addition.bind(10L, 1),
        addition.bind(10L, 2)));
    session.execute(addition.bind(-3L, 1));
    equal(session.execute("SELECT n FROM counted WHERE p = 1").one().getLong(0), 17L, "the counter");
  }

  private void lightweightTransactions() {
    session.execute("CREATE TABLE accounts (name text PRIMARY KEY, balance int, owner text)");
    String insertion = "INSERT INTO accounts (name, balance) VALUES ('a', 10) IF NOT EXISTS";
    expect(session.execute(insertion).wasApplied(), "the first insert");
    ResultSet second = session.execute(insertion);
    expect(!second.wasApplied(), "the second insert");
    equal(second.one().getInt("balance"), 10, "what was there");
    PreparedStatement update = session.prepare(
        SimpleStatement.newInstance("UPDATE accounts SET balance = ? WHERE name = 'a' IF balance = ?")
            .setSerialConsistencyLevel(DefaultConsistencyLevel.LOCAL_SERIAL));
    expect(session.execute(update.bind(20, 10)).wasApplied(), "the update");
    expect(!session.execute(update.bind(30, 10)).wasApplied(), "the update that finds another value");
    expect(session.execute("DELETE FROM accounts WHERE name = 'a' IF balance > 5").wasApplied(), "the delete");
    expect(!session.execute("UPDATE accounts SET balance = 1 WHERE name = 'a' IF EXISTS").wasApplied(), "no row");
  }

  private void routing() {
    session.execute("CREATE TABLE routed (k text PRIMARY KEY, v int)");
    PreparedStatement insertion = session.prepare("INSERT INTO routed (k, v) VALUES (?, ?)");
    equal(insertion.getPartitionKeyIndices(), List.of(0), "where the partition key is bound");
    Set<Node> asked = new HashSet<>();
    for (int number = 0; number < 60; number++) {
      String key = "key " + number;
      ByteBuffer bytes = TypeCodecs.TEXT.encode(key, session.getContext().getProtocolVersion());
      Set<Node> owners = session.getMetadata().getTokenMap().orElseThrow().getReplicas(KEYSPACE, bytes);
      Set<String> zones = new HashSet<>();
      owners.forEach(node -> zones.add(node.getRack()));
      expect(owners.size() == REPLICAS && zones.size() == REPLICAS, "replicas of %s: %s", key, owners);
      BoundStatement bound = insertion.bind(key, number);
      Node coordinator = session.execute(bound).getExecutionInfo().getCoordinator();
      expect(owners.contains(coordinator), "%s was sent to %s, replicas %s", key, coordinator, owners);
      asked.add(coordinator);
    }
    equal(asked.size(), HOSTS.size(), "nodes that were asked");
  }

  private void schemaEvents() throws InterruptedException {
    try (CqlSession other = connect(HOSTS, KEYSPACE)) {
      other.execute("CREATE TABLE appearing (k int PRIMARY KEY)");
      waitUntil("the table is seen", 20, () -> metadata().getTable("appearing").isPresent());
      other.execute("ALTER TABLE appearing ADD late text");
      waitUntil("the column is seen", 20, () -> metadata().getTable("appearing").orElseThrow().getColumn("late").isPresent());
      other.execute("DROP TABLE appearing");
      waitUntil("the table is gone", 20, () -> metadata().getTable("appearing").isEmpty());
    }
  }

  private static final class Writes {
    private final Set<Integer> written = new HashSet<>();
    private int next;
    private int errors;
    private long gapNanos;
    private long lastNanos = System.nanoTime();

    void writeFor(CqlSession session, PreparedStatement insertion, int seconds) throws InterruptedException {
      for (long end = System.nanoTime() + seconds * 1_000_000_000L; System.nanoTime() < end; next++) {
        try {
          session.execute(insertion.bind(next).setIdempotent(true).setTimeout(Duration.ofSeconds(5)));
          written.add(next);
          gapNanos = Math.max(gapNanos, System.nanoTime() - lastNanos);
          lastNanos = System.nanoTime();
        } catch (RuntimeException problem) {
          errors++;
          Thread.sleep(50);
        }
      }
    }
  }

  private static void control(String variable) throws Exception {
    List<String> command = List.of("sh", "-c", System.getenv(variable) + " 2");
    equal(new ProcessBuilder(command).inheritIO().start().waitFor(), 0, variable);
  }

  private NodeState stateOf(String host) {
    return session.getMetadata().getNodes().values().stream().filter(node -> addressOf(node).equals(host))
        .map(Node::getState).findFirst().orElse(NodeState.UNKNOWN);
  }

  private void survivesAKilledNode() throws Exception {
    if (System.getenv("KEYZONE_KILL_CMD") == null) {
      throw new LeftOut("no cluster to kill");
    }
    session.execute("CREATE TABLE surviving (k int PRIMARY KEY)");
    PreparedStatement insertion = session.prepare("INSERT INTO surviving (k) VALUES (?)");
    Writes writes = new Writes();
    writes.writeFor(session, insertion, 1);
    control("KEYZONE_KILL_CMD");
    writes.writeFor(session, insertion, 5);
    waitUntil("the driver knows that the node is down", 20, () -> stateOf(HOSTS.get(1)) != NodeState.UP);
    control("KEYZONE_RESTART_CMD");
    writes.writeFor(session, insertion, 5);
    waitUntil("the driver knows that the node is up", 40, () -> stateOf(HOSTS.get(1)) == NodeState.UP);
    writes.writeFor(session, insertion, 2);
    int total = writes.written.size();
    session.execute("SELECT k FROM surviving").forEach(row -> writes.written.remove(row.getInt(0)));
    System.out.printf("    %d rows written, %d errors, longest gap %d ms%n", total, writes.errors, writes.gapNanos / 1_000_000);
    expect(writes.written.isEmpty(), "%d acknowledged rows are lost", writes.written.size());
    expect(writes.gapNanos < LONGEST_GAP.toNanos(), "no write for %d ms", writes.gapNanos / 1_000_000);
  }

  private Map<String, Case> cases() {
    Map<String, Case> cases = new LinkedHashMap<>();
    cases.put("connects_to_every_node", this::connectsToEveryNode);
    cases.put("creates_schema", this::createsSchema);
    cases.put("all_types", this::allTypes);
    cases.put("nulls", this::nulls);
    cases.put("empties", this::empties);
    cases.put("prepared", this::prepared);
    cases.put("paged", this::paged);
    cases.put("batches", this::batches);
    cases.put("lightweight_transactions", this::lightweightTransactions);
    cases.put("routing", this::routing);
    cases.put("schema_events", this::schemaEvents);
    cases.put("survives_a_killed_node", this::survivesAKilledNode);
    return cases;
  }

  public static void main(String[] words) {
    int passed = 0;
    int failed = 0;
    try (CqlSession admin = connect(HOSTS, null)) {
      admin.execute("DROP KEYSPACE IF EXISTS " + KEYSPACE);
      admin.execute("CREATE KEYSPACE " + KEYSPACE + " WITH replication = {'class': 'NetworkTopologyStrategy', '"
          + DATA_CENTER + "': " + REPLICAS + "}");
      try (CqlSession session = connect(HOSTS, KEYSPACE)) {
        for (Map.Entry<String, Case> one : new Suite(session).cases().entrySet()) {
          if (words.length > 0 && Arrays.stream(words).noneMatch(one.getKey()::contains)) {
            continue;
          }
          try {
            one.getValue().run();
            passed++;
            System.out.println("ok " + one.getKey());
          } catch (LeftOut reason) {
            System.out.println("left out " + one.getKey() + ": " + reason.getMessage());
          } catch (Throwable problem) {
            failed++;
            System.out.println("FAILED " + one.getKey());
            problem.printStackTrace(System.out);
          }
        }
      }
      admin.execute("DROP KEYSPACE " + KEYSPACE);
    }
    System.out.println("java: " + passed + " passed, " + failed + " failed");
    System.exit(failed > 0 ? 1 : 0);
  }
}
