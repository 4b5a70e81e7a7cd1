//! The cases of tests/drivers/README.md through scylla, the Rust driver.
use futures::TryStreamExt;
use scylla::client::execution_profile::ExecutionProfile;
use scylla::client::pager::QueryPager;
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use scylla::cluster::metadata::ColumnKind;
use scylla::policies::load_balancing::{DefaultPolicy, NodeIdentifier, SingleTargetLoadBalancingPolicy};
use scylla::response::PagingState;
use scylla::statement::batch::{Batch, BatchType};
use scylla::statement::unprepared::Statement;
use scylla::statement::{Consistency, SerialConsistency};
use scylla::value::{
    Counter, CqlDate, CqlDecimal, CqlDuration, CqlTime, CqlTimestamp, CqlTimeuuid, CqlValue, CqlVarint, MaybeUnset, Row,
};
use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::process::Command;
use std::time::{Duration, Instant};

type Outcome = Result<(), Box<dyn Error>>;
type Case = (&'static str, for<'a> fn(&'a Suite) -> Pin<Box<dyn Future<Output = Outcome> + 'a>>);

const KEYSPACE: &str = "driver_rust";
const LONGEST_GAP: Duration = Duration::from_secs(10);
const LEFT_OUT: &str = "left out: ";

macro_rules! expect {
    ($condition:expr, $($message:tt)*) => { if !$condition { return Err(format!($($message)*).into()); } };
}

struct Suite {
    hosts: Vec<String>,
    port: u16,
    data_center: String,
    replicas: usize,
    session: Session,
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

async fn connect(hosts: &[String], port: u16, data_center: &str) -> Result<Session, Box<dyn Error>> {
    let policy = DefaultPolicy::builder().prefer_datacenter(data_center.to_string()).token_aware(true).build();
    let profile = ExecutionProfile::builder()
        .load_balancing_policy(policy)
        .consistency(Consistency::LocalQuorum)
        .request_timeout(Some(Duration::from_secs(20)))
        .build();
    Ok(SessionBuilder::new()
        .known_nodes(hosts.iter().map(|host| format!("{host}:{port}")))
        .default_execution_profile_handle(profile.into_handle())
        .keepalive_interval(Duration::from_secs(2))
        .keepalive_timeout(Duration::from_secs(2))
        // It asks again in its own time instead of when it is told of a change.
        .cluster_metadata_refresh_interval(Duration::from_secs(1))
        .build()
        .await?)
}

impl Suite {
    async fn run(&self, text: &str) -> Outcome {
        self.session.query_unpaged(text, ()).await.map_err(|problem| format!("{text}: {problem}"))?;
        Ok(())
    }

    async fn rows(&self, text: &str) -> Result<Vec<Vec<Option<CqlValue>>>, Box<dyn Error>> {
        let result = self.session.query_unpaged(text, ()).await?.into_rows_result()?;
        let rows: Result<Vec<Row>, _> = result.rows::<Row>()?.collect();
        Ok(rows?.into_iter().map(|row| row.columns).collect())
    }

    async fn only_value(&self, text: &str) -> Result<CqlValue, Box<dyn Error>> {
        let mut rows = self.rows(text).await?;
        Ok(rows.pop().and_then(|mut row| row.pop().flatten()).ok_or(format!("{text}: no value"))?)
    }
}

async fn wait_until<F, Fut>(what: &str, limit: Duration, mut condition: F) -> Outcome
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    let deadline = Instant::now() + limit;
    while !condition().await {
        expect!(Instant::now() < deadline, "after {limit:?} still not: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

async fn connects_to_every_node(suite: &Suite) -> Outcome {
    let state = suite.session.get_cluster_state();
    let found: HashSet<String> = state.get_nodes_info().iter().map(|node| node.address.ip().to_string()).collect();
    expect!(found == suite.hosts.iter().cloned().collect(), "the metadata has {found:?}");
    let mut ids = HashSet::new();
    let mut zones = HashSet::new();
    for host in &suite.hosts {
        let mut query = Statement::new("SELECT host_id, rpc_address, rack FROM system.local WHERE key = 'local'");
        let address: SocketAddr = format!("{host}:{}", suite.port).parse()?;
        query.set_load_balancing_policy(Some(SingleTargetLoadBalancingPolicy::new(
            NodeIdentifier::NodeAddress(address), None)));
        let result = suite.session.query_unpaged(query, ()).await?.into_rows_result()?;
        let row = result.single_row::<Row>()?.columns;
        let told = row[1].as_ref().and_then(|value| value.as_inet()).ok_or("no rpc_address")?;
        expect!(told.to_string() == *host, "{host} says that it is {told}");
        ids.insert(row[0].as_ref().and_then(|value| value.as_uuid()).ok_or("no host_id")?);
        zones.insert(row[2].as_ref().and_then(|value| value.as_text().cloned()).ok_or("no rack")?);
    }
    expect!(ids.len() == suite.hosts.len(), "host ids {ids:?}");
    expect!(zones.len() == suite.hosts.len().min(3), "zones {zones:?}");
    Ok(())
}

async fn creates_schema(suite: &Suite) -> Outcome {
    suite.run("CREATE TYPE address (street text, number int, tags frozen<set<text>>)").await?;
    suite
        .run(
            "CREATE TABLE everything (
            id int, part text, at timestamp, fixed text static, v_ascii ascii, v_bigint bigint, v_blob blob,
            v_boolean boolean, v_date date, v_decimal decimal, v_double double, v_duration duration, v_float float,
            v_inet inet, v_int int, v_smallint smallint, v_text text, v_time time, v_timestamp timestamp,
            v_timeuuid timeuuid, v_tinyint tinyint, v_uuid uuid, v_varchar varchar, v_varint varint,
            v_list list<int>, v_set set<text>, v_map map<text, bigint>,
            v_frozen frozen<map<int, frozen<list<text>>>>, v_tuple tuple<int, text, double>, v_type address,
            v_frozen_type frozen<address>, v_vector vector<float, 3>,
            PRIMARY KEY ((id, part), at)) WITH CLUSTERING ORDER BY (at DESC)",
        )
        .await?;
    suite.session.refresh_metadata().await?;
    let state = suite.session.get_cluster_state();
    let keyspace = state.get_keyspace(KEYSPACE).ok_or("the keyspace is not in the metadata")?;
    let table = keyspace.tables.get("everything").ok_or("the table is not in the metadata")?;
    expect!(table.partition_key == ["id", "part"], "partition key {:?}", table.partition_key);
    expect!(table.clustering_key == ["at"], "clustering key {:?}", table.clustering_key);
    expect!(matches!(table.columns["fixed"].kind, ColumnKind::Static), "fixed is not static");
    expect!(keyspace.user_defined_types.contains_key("address"), "the type is not in the metadata");
    Ok(())
}

fn address(street: &str, number: Option<i32>, tags: &[&str]) -> CqlValue {
    CqlValue::UserDefinedType {
        keyspace: KEYSPACE.to_string(),
        name: "address".to_string(),
        fields: vec![
            ("street".to_string(), Some(text(street))),
            ("number".to_string(), number.map(CqlValue::Int)),
            ("tags".to_string(), Some(CqlValue::Set(tags.iter().map(|tag| text(tag)).collect()))),
        ],
    }
}

fn text(value: &str) -> CqlValue {
    CqlValue::Text(value.to_string())
}

fn values() -> Result<Vec<(&'static str, CqlValue)>, Box<dyn Error>> {
    use CqlValue::*;
    let varint: Vec<u8> = std::iter::once(1).chain([0; 25]).collect();
    Ok(vec![
        ("v_ascii", Ascii("plain".to_string())),
        ("v_bigint", BigInt(i64::MIN)),
        ("v_blob", Blob((0..=255).collect())),
        ("v_boolean", Boolean(true)),
        ("v_date", Date(CqlDate((1 << 31) - 1))),
        ("v_decimal", Decimal(CqlDecimal::from_signed_be_bytes_and_exponent(vec![0xfe, 0x1d, 0xc0], 9))),
        ("v_double", Double(-2.5e-300)),
        ("v_duration", Duration(CqlDuration { months: 14, days: 3, nanoseconds: 1_000_000_000_000_000 })),
        ("v_float", Float(1.5)),
        ("v_inet", Inet("2001:db8::1".parse()?)),
        ("v_int", Int(i32::MIN)),
        ("v_smallint", SmallInt(i16::MAX)),
        ("v_text", text("naïve 日本 🗝")),
        ("v_time", Time(CqlTime(86_399_999_999_999))),
        ("v_timestamp", Timestamp(CqlTimestamp(1_709_210_096_789))),
        ("v_timeuuid", Timeuuid("8e14e760-7fa8-11eb-bc66-000000000001".parse::<CqlTimeuuid>()?)),
        ("v_tinyint", TinyInt(-128)),
        ("v_uuid", Uuid(uuid::Uuid::from_u128(0x123e4567_e89b_12d3_a456_426614174000))),
        ("v_varchar", text(&"x".repeat(100_000))),
        ("v_varint", Varint(CqlVarint::from_signed_bytes_be(varint))),
        ("v_list", List(vec![Int(3), Int(1), Int(2), Int(1)])),
        ("v_set", Set(vec![text("a"), text("b")])),
        ("v_map", Map(vec![(text("one"), BigInt(1)), (text("two"), BigInt(2))])),
        ("v_frozen", Map(vec![(Int(1), List(vec![text("a"), text("b")])), (Int(2), List(vec![]))])),
        ("v_tuple", Tuple(vec![Some(Int(1)), Some(text("two")), None])),
        ("v_type", address("High St", Some(5), &["x"])),
        ("v_frozen_type", address("Low St", None, &["y", "z"])),
        ("v_vector", Vector(vec![Float(0.5), Float(-1.0), Float(2.25)])),
    ])
}

const FIRST_OF_JANUARY_2024: i64 = 1_704_067_200_000;
const DAY: i64 = 86_400_000;

async fn insert(suite: &Suite, day: i64, row: Vec<(&'static str, Option<CqlValue>)>) -> Outcome {
    let names: Vec<&str> = row.iter().map(|(name, _)| *name).collect();
    let statement = format!(
        "INSERT INTO everything (id, part, at, {}) VALUES (1, 'p', ?{})", names.join(", "), ", ?".repeat(row.len()));
    let mut bound = vec![Some(CqlValue::Timestamp(CqlTimestamp(FIRST_OF_JANUARY_2024 + day * DAY)))];
    bound.extend(row.into_iter().map(|(_, value)| value));
    let prepared = suite.session.prepare(statement).await?;
    suite.session.execute_unpaged(&prepared, bound).await?;
    Ok(())
}

async fn read_one(suite: &Suite, day: i64) -> Result<HashMap<String, Option<CqlValue>>, Box<dyn Error>> {
    let prepared = suite.session.prepare("SELECT * FROM everything WHERE id = 1 AND part = 'p' AND at = ?").await?;
    let at = CqlTimestamp(FIRST_OF_JANUARY_2024 + day * DAY);
    let result = suite.session.execute_unpaged(&prepared, (at,)).await?.into_rows_result()?;
    let names: Vec<String> = result.column_specs().iter().map(|spec| spec.name().to_string()).collect();
    Ok(names.into_iter().zip(result.single_row::<Row>()?.columns).collect())
}

async fn all_types(suite: &Suite) -> Outcome {
    insert(suite, 0, values()?.into_iter().map(|(name, value)| (name, Some(value))).collect()).await?;
    let row = read_one(suite, 0).await?;
    for (name, value) in values()? {
        expect!(row[name].as_ref() == Some(&value), "{name} is {:?} instead of {value:?}", row[name]);
    }
    Ok(())
}

async fn nulls(suite: &Suite) -> Outcome {
    insert(suite, 1, values()?.into_iter().map(|(name, value)| (name, Some(value))).collect()).await?;
    insert(suite, 1, values()?.into_iter().map(|(name, _)| (name, None)).collect()).await?;
    let row = read_one(suite, 1).await?;
    for (name, _) in values()? {
        expect!(row[name].is_none(), "{name} is {:?}", row[name]);
    }
    Ok(())
}

async fn empties(suite: &Suite) -> Outcome {
    use CqlValue::*;
    let row = vec![
        ("v_text", Some(text(""))), ("v_blob", Some(Blob(vec![]))), ("v_list", Some(List(vec![]))),
        ("v_set", Some(Set(vec![]))), ("v_map", Some(Map(vec![]))), ("v_frozen", Some(Map(vec![]))),
        ("v_int", Some(Empty)),
    ];
    insert(suite, 2, row).await?;
    let row = read_one(suite, 2).await?;
    expect!(row["v_text"] == Some(text("")), "an empty text is {:?}", row["v_text"]);
    expect!(row["v_blob"] == Some(Blob(vec![])), "an empty blob is {:?}", row["v_blob"]);
    expect!(row["v_list"].is_none() && row["v_set"].is_none() && row["v_map"].is_none(), "empty collections are none");
    expect!(row["v_frozen"] == Some(Map(vec![])), "an empty frozen map is {:?}", row["v_frozen"]);
    expect!(row["v_int"] == Some(Empty), "an empty int is {:?}", row["v_int"]);
    Ok(())
}

async fn prepared(suite: &Suite) -> Outcome {
    suite.run("CREATE TABLE prepared (k int PRIMARY KEY, a text, b text)").await?;
    let insertion = suite.session.prepare("INSERT INTO prepared (k, a, b) VALUES (?, ?, ?)").await?;
    suite.session.execute_unpaged(&insertion, (1, "a", "b")).await?;
    let unset: MaybeUnset<&str> = MaybeUnset::Unset;
    suite.session.execute_unpaged(&insertion, (1, unset, "b9")).await?;
    let named = suite.session.prepare("INSERT INTO prepared (k, a, b) VALUES (:k, :a, :b)").await?;
    let bound = HashMap::from([("k", CqlValue::Int(2)), ("a", text("a2")), ("b", text("b2"))]);
    suite.session.execute_unpaged(&named, bound).await?;
    let selection = suite.session.prepare("SELECT a, b FROM prepared WHERE k = ?").await?;
    for (k, expected) in [(1, ("a", "b9")), (2, ("a2", "b2"))] {
        let result = suite.session.execute_unpaged(&selection, (k,)).await?.into_rows_result()?;
        let found = result.single_row::<(&str, &str)>()?;
        expect!(found == expected, "{found:?} instead of {expected:?}");
    }
    let none = suite.session.execute_unpaged(&selection, (3,)).await?.into_rows_result()?;
    expect!(none.rows_num() == 0, "a row that is not there");
    Ok(())
}

async fn integers(pager: QueryPager) -> Result<Vec<i32>, Box<dyn Error>> {
    Ok(pager.rows_stream::<(i32,)>()?.map_ok(|row| row.0).try_collect().await?)
}

async fn paged(suite: &Suite) -> Outcome {
    suite.run("CREATE TABLE paged (p int, c int, v text, PRIMARY KEY (p, c))").await?;
    let insertion = suite.session.prepare("INSERT INTO paged (p, c, v) VALUES (?, ?, ?)").await?;
    for start in (0..1400).step_by(50) {
        let rows = (start..start + 50).map(|c| suite.session.execute_unpaged(&insertion, (c % 7, c, format!("v{c}"))));
        futures::future::try_join_all(rows).await?;
    }
    let expected: Vec<i32> = (3..1400).step_by(7).collect();
    let mut selection = suite.session.prepare("SELECT c FROM paged WHERE p = 3").await?;
    selection.set_page_size(30);
    let found = integers(suite.session.execute_iter(selection.clone(), ()).await?).await?;
    expect!(found == expected, "{} rows", found.len());
    selection.set_page_size(10);
    let (first, state) = suite.session.execute_single_page(&selection, (), PagingState::start()).await?;
    expect!(first.into_rows_result()?.rows_num() == 10, "the first page");
    let state = state.into_paging_control_flow().continue_value().ok_or("there is no second page")?;
    let (second, _) = suite.session.execute_single_page(&selection, (), state).await?;
    let second: Result<Vec<(i32,)>, _> = second.into_rows_result()?.rows()?.collect();
    expect!(second?.iter().map(|row| row.0).eq(expected[10..20].iter().copied()), "the second page");
    let mut everything = Statement::new("SELECT c FROM paged");
    everything.set_page_size(100);
    let mut all = integers(suite.session.query_iter(everything, ()).await?).await?;
    all.sort_unstable();
    expect!(all == (0..1400).collect::<Vec<i32>>(), "{} rows in all", all.len());
    Ok(())
}

async fn batches(suite: &Suite) -> Outcome {
    suite.run("CREATE TABLE batched (p int, c int, v text, PRIMARY KEY (p, c))").await?;
    suite.run("CREATE TABLE counted (p int PRIMARY KEY, n counter)").await?;
    let insertion = suite.session.prepare("INSERT INTO batched (p, c, v) VALUES (?, ?, 'x')").await?;
    for (number, kind) in [BatchType::Logged, BatchType::Unlogged].into_iter().enumerate() {
        let mut batch = Batch::new(kind);
        for _ in 0..5 {
            batch.append_statement(insertion.clone());
        }
        let bound: Vec<(i32, i32)> = (0..5).map(|p| (p, number as i32)).collect();
        suite.session.batch(&batch, bound).await?;
    }
    let count = suite.only_value("SELECT count(*) FROM batched").await?;
    expect!(count == CqlValue::BigInt(10), "{count:?} rows");
    let mut stamped = Batch::new(BatchType::Logged);
    stamped.append_statement("INSERT INTO batched (p, c, v) VALUES (8, 8, 'x')");
    stamped.set_timestamp(Some(5));
    suite.session.batch(&stamped, ((),)).await?;
    let stamp = suite.only_value("SELECT writetime(v) FROM batched WHERE p = 8").await?;
    expect!(stamp == CqlValue::BigInt(5), "stamp {stamp:?}");
    let addition = suite.session.prepare("UPDATE counted SET n = n + ? WHERE p = ?").await?;
    let mut counters = Batch::new(BatchType::Counter);
    for _ in 0..3 {
        counters.append_statement(addition.clone());
    }
    let ten = Counter(10);
    suite.session.batch(&counters, ((ten, 1), (ten, 1), (ten, 2))).await?;
    suite.session.execute_unpaged(&addition, (Counter(-3), 1)).await?;
    let sum = suite.only_value("SELECT n FROM counted WHERE p = 1").await?;
    expect!(sum == CqlValue::Counter(Counter(17)), "the counter is {sum:?}");
    Ok(())
}

async fn lightweight_transactions(suite: &Suite) -> Outcome {
    suite.run("CREATE TABLE accounts (name text PRIMARY KEY, balance int, owner text)").await?;
    let applied = |rows: &[Vec<Option<CqlValue>>]| rows[0][0] == Some(CqlValue::Boolean(true));
    let insertion = "INSERT INTO accounts (name, balance) VALUES ('a', 10) IF NOT EXISTS";
    expect!(applied(&suite.rows(insertion).await?), "the first insert");
    let second = suite.rows(insertion).await?;
    expect!(!applied(&second) && second[0].contains(&Some(CqlValue::Int(10))), "the second found {second:?}");
    let mut update = suite.session.prepare("UPDATE accounts SET balance = ? WHERE name = 'a' IF balance = ?").await?;
    update.set_serial_consistency(Some(SerialConsistency::Serial));
    for (bound, expected) in [((20, 10), true), ((30, 10), false)] {
        let result = suite.session.execute_unpaged(&update, bound).await?.into_rows_result()?;
        let row = result.single_row::<Row>()?.columns;
        expect!(row[0] == Some(CqlValue::Boolean(expected)), "{bound:?} gave {row:?}");
    }
    expect!(applied(&suite.rows("DELETE FROM accounts WHERE name = 'a' IF balance IN (20, 21)").await?), "the delete");
    expect!(!applied(&suite.rows("UPDATE accounts SET balance = 1 WHERE name = 'a' IF EXISTS").await?), "no row");
    Ok(())
}

async fn routing(suite: &Suite) -> Outcome {
    suite.run("CREATE TABLE routed (k text PRIMARY KEY, v int)").await?;
    suite.session.refresh_metadata().await?;
    let insertion = suite.session.prepare("INSERT INTO routed (k, v) VALUES (?, ?)").await?;
    expect!(insertion.is_token_aware(), "the prepared statement does not know its partition key");
    let state = suite.session.get_cluster_state();
    let mut asked = HashSet::new();
    for number in 0..60 {
        let key = format!("key {number}");
        let nodes = state.get_endpoints(KEYSPACE, "routed", &(key.as_str(),))?;
        let owners: HashSet<_> = nodes.iter().map(|(node, _)| node.host_id).collect();
        let zones: HashSet<_> = nodes.iter().map(|(node, _)| node.rack.clone()).collect();
        expect!(owners.len() == suite.replicas && zones.len() == suite.replicas, "replicas of {key}: {nodes:?}");
        let result = suite.session.execute_unpaged(&insertion, (key.as_str(), number)).await?;
        let coordinator = result.request_coordinator().node();
        expect!(owners.contains(&coordinator.host_id), "{key} was sent to {coordinator:?}, replicas {nodes:?}");
        asked.insert(coordinator.host_id);
    }
    expect!(asked.len() == suite.hosts.len(), "only {asked:?} were asked");
    Ok(())
}

async fn schema_events(suite: &Suite) -> Outcome {
    let other = connect(&suite.hosts, suite.port, &suite.data_center).await?;
    other.use_keyspace(KEYSPACE, false).await?;
    let columns = || async {
        let state = suite.session.get_cluster_state();
        let keyspace = state.get_keyspace(KEYSPACE);
        keyspace.and_then(|one| one.tables.get("appearing")).map(|table| table.columns.len())
    };
    let limit = Duration::from_secs(20);
    other.query_unpaged("CREATE TABLE appearing (k int PRIMARY KEY)", ()).await?;
    wait_until("the table is seen", limit, || async { columns().await == Some(1) }).await?;
    other.query_unpaged("ALTER TABLE appearing ADD late text", ()).await?;
    wait_until("the column is seen", limit, || async { columns().await == Some(2) }).await?;
    other.query_unpaged("DROP TABLE appearing", ()).await?;
    wait_until("the table is gone", limit, || async { columns().await.is_none() }).await
}

#[derive(Default)]
struct Writes {
    next: i32,
    written: HashSet<i32>,
    errors: usize,
    gap: Duration,
}

async fn write_for(suite: &Suite, duration: Duration, last: &mut Instant, writes: &mut Writes) -> Outcome {
    let mut insertion = suite.session.prepare("INSERT INTO surviving (k) VALUES (?)").await?;
    insertion.set_is_idempotent(true);
    insertion.set_request_timeout(Some(Duration::from_secs(5)));
    let end = Instant::now() + duration;
    while Instant::now() < end {
        match suite.session.execute_unpaged(&insertion, (writes.next,)).await {
            Ok(_) => {
                writes.written.insert(writes.next);
                writes.gap = writes.gap.max(last.elapsed());
                *last = Instant::now();
            }
            Err(_) => {
                writes.errors += 1;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        writes.next += 1;
    }
    Ok(())
}

fn control(command: &str, node: &str) -> Outcome {
    let status = Command::new("sh").arg("-c").arg(format!("{command} {node}")).status()?;
    expect!(status.success(), "{command} {node}: {status}");
    Ok(())
}

async fn survives_a_killed_node(suite: &Suite) -> Outcome {
    let (Ok(kill), Ok(restart)) = (std::env::var("KEYZONE_KILL_CMD"), std::env::var("KEYZONE_RESTART_CMD")) else {
        return Err(format!("{LEFT_OUT}no cluster to kill").into());
    };
    suite.run("CREATE TABLE surviving (k int PRIMARY KEY)").await?;
    let connected = || async {
        let state = suite.session.get_cluster_state();
        let found = state.get_nodes_info().iter().any(|node| {
            node.address.ip().to_string() == suite.hosts[1] && node.is_connected()
        });
        found
    };
    let mut writes = Writes::default();
    let mut last = Instant::now();
    write_for(suite, Duration::from_secs(1), &mut last, &mut writes).await?;
    control(&kill, "2")?;
    write_for(suite, Duration::from_secs(5), &mut last, &mut writes).await?;
    wait_until("the driver knows that the node is down", Duration::from_secs(20), || async { !connected().await }).await?;
    control(&restart, "2")?;
    write_for(suite, Duration::from_secs(5), &mut last, &mut writes).await?;
    wait_until("the driver knows that the node is up", Duration::from_secs(40), connected).await?;
    write_for(suite, Duration::from_secs(2), &mut last, &mut writes).await?;
    let found: HashSet<i32> =
        integers(suite.session.query_iter("SELECT k FROM surviving", ()).await?).await?.into_iter().collect();
    let lost = writes.written.difference(&found).count();
    println!("    {} rows written, {} errors, longest gap {:.1?}", writes.written.len(), writes.errors, writes.gap);
    expect!(lost == 0, "{lost} acknowledged rows are lost");
    expect!(writes.gap < LONGEST_GAP, "no write for {:?}", writes.gap);
    Ok(())
}

macro_rules! cases {
    ($($name:ident),*) => { vec![$((stringify!($name), |suite| Box::pin($name(suite)))),*] };
}

#[tokio::main]
async fn main() -> Outcome {
    let hosts: Vec<String> = variable("KEYZONE_HOSTS").split(',').map(str::to_string).collect();
    let port: u16 = variable("KEYZONE_PORT").parse()?;
    let data_center = variable("KEYZONE_DC");
    let replicas: usize = variable("KEYZONE_REPLICAS").parse()?;
    let session = connect(&hosts, port, &data_center).await?;
    session.query_unpaged(format!("DROP KEYSPACE IF EXISTS {KEYSPACE}"), ()).await?;
    session.query_unpaged(format!("CREATE KEYSPACE {KEYSPACE} WITH replication = \
        {{'class': 'NetworkTopologyStrategy', '{data_center}': {replicas}}}"), ()).await?;
    session.use_keyspace(KEYSPACE, false).await?;
    let suite = Suite { hosts, port, data_center, replicas, session };
    let cases: Vec<Case> = cases![
        connects_to_every_node, creates_schema, all_types, nulls, empties, prepared, paged, batches,
        lightweight_transactions, routing, schema_events, survives_a_killed_node
    ];
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (mut passed, mut failed) = (0, 0);
    for (name, body) in cases {
        if !words.is_empty() && !words.iter().any(|word| name.contains(word.as_str())) {
            continue;
        }
        match body(&suite).await.map_err(|problem| problem.to_string()) {
            Ok(()) => {
                passed += 1;
                println!("ok {name}");
            }
            Err(reason) if reason.starts_with(LEFT_OUT) => println!("left out {name}: {}", &reason[LEFT_OUT.len()..]),
            Err(reason) => {
                failed += 1;
                println!("FAILED {name}\n  {reason}");
            }
        }
    }
    suite.run(&format!("DROP KEYSPACE {KEYSPACE}")).await?;
    println!("rust: {passed} passed, {failed} failed");
    std::process::exit(if failed > 0 { 1 } else { 0 });
}
