"""What is not said to a Cassandra that others use."""
import struct
import unittest

from native_client import long_string
from system_keyspaces import BATCH, PREPARE, QUERY, Watch, changes_own, first_change, why_not

CHANGES = (
    "TRUNCATE system.peers", "truncate table system_schema.tables", "INSERT INTO system.local (key) VALUES ('x')",
    "INSERT INTO /* a comment */ system /* and */ . local JSON '{}'", "UPDATE \"system\".local SET a = 1",
    "UPDATE -- behind it\n system.local SET a = 1", "DELETE a, b[1] FROM system_auth.roles WHERE role = 'x'",
    "DELETE FROM SYSTEM_TRACES.events WHERE session_id = 1", "DROP KEYSPACE IF EXISTS system_schema",
    "ALTER KEYSPACE system_auth WITH durable_writes = false", "CREATE TABLE IF NOT EXISTS system.x (k int PRIMARY KEY)",
    "CREATE INDEX ON system.local (key)", "CREATE CUSTOM INDEX i ON system.local (key) USING 'x'",
    "CREATE TYPE system.u (a int)", "ALTER TABLE system.local ADD x int", "DROP TABLE system.local",
    "BEGIN BATCH INSERT INTO t (k) VALUES (1); DELETE FROM system.local WHERE key = 'x'; APPLY BATCH",
    "/* SELECT */ TRUNCATE system.peers", "INSERT INTO system.local (key) VALUES (?) :: 'x'")
DOES_NOT = (
    "SELECT * FROM system.local", "DESCRIBE TABLE system.local", "INSERT INTO t (k) VALUES (system.now())",
    "UPDATE t SET v = 'UPDATE system.local' WHERE k = 1", "INSERT INTO t (k) VALUES ($$INTO system.local$$)",
    "CREATE TABLE t (k int PRIMARY KEY, v system.u)", "DROP KEYSPACE systematic", "DELETE FROM t -- FROM system.local",
    "UPDATE \"System\".local SET a = 1", "USE system", "", "UPDATE",
    "TRUNCATE system_views.settings", "GRANT ALL ON KEYSPACE system TO r", "INSERT INTO t (type) VALUES (1)")


class SystemKeyspaces(unittest.TestCase):
    def test_by_name(self):
        for statement in CHANGES:
            self.assertTrue(changes_own(statement), statement)
        for statement in DOES_NOT:
            self.assertFalse(changes_own(statement), statement)

    def test_after_use(self):
        change = "DELETE FROM local WHERE key = 'x'"
        self.assertEqual(first_change(["USE system", change]), change)
        self.assertEqual(first_change(["use /* the */ \"system\"", "CREATE TABLE x (k int PRIMARY KEY)"])[:6], "CREATE")
        self.assertIsNone(first_change(["USE system", "USE mine", change]))
        self.assertIsNone(first_change(["USE system", "SELECT * FROM local", "DELETE FROM mine.t WHERE k = 1"]))

    def test_files(self):
        change, allowed = ["TRUNCATE system.peers"], ["# Needs its own server: empties a table."]
        self.assertIsNone(why_not("x", [], ["TRUNCATE t"], own_server=False))
        self.assertIn("changes", why_not("x", ["# other"], change, own_server=True))
        self.assertIn("--own-server", why_not("x", allowed, change, own_server=False))
        self.assertIsNone(why_not("x", allowed, change, own_server=True))

    def test_requests(self):
        bad, good = long_string("TRUNCATE peers"), long_string("SELECT * FROM system.peers")
        batch = lambda text: b"\0\0\2\0" + long_string("DELETE FROM t WHERE k = 1") + b"\0\0\0" + long_string(text) + b"\0\0"
        watch = Watch()
        watch.look(QUERY, bad + b"\0\1\0")
        named = lambda keyspace: b"\0\1\0\0\0\x80" + struct.pack(">H", len(keyspace)) + keyspace
        for opcode, body in ((PREPARE, long_string("TRUNCATE system.peers")), (BATCH, batch("UPDATE system.local SET a = 1")),
                             (QUERY, bad + named(b"system")), (QUERY, bad + named(b"system") + b"\0\0\0\1")):
            with self.assertRaises(SystemExit):
                watch.look(opcode, body)
        watch.look(QUERY, long_string("USE system") + b"\0\1\0")
        watch.look(QUERY, good)
        watch.look(QUERY, bad + named(b"mine"))
        with self.assertRaises(SystemExit):
            watch.look(QUERY, bad)


if __name__ == "__main__":
    unittest.main()
