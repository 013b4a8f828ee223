package io.latchkey.security;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.CoordinationException;
import io.latchkey.Latchkey;
import io.latchkey.LeaderElection;
import io.latchkey.Lease;
import io.latchkey.LeaseTime;
import io.latchkey.faults.Scene;
import io.latchkey.testkit.TestDatabase;
import io.latchkey.testkit.TestRole;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Modifier;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/** The id of a session is a secret: clients work, fail and recover, and whatever anybody can read is searched for it. */
@Timeout(120)
final class SecretsTest {
    private static final int TIMEOUT_MS = 3_000;
    private static final Logger CLIENT_LOG = Logger.getLogger("io.latchkey");

    private final TestDatabase database = SecureServer.installed();
    private final TestRole role = SecureServer.member(database, "latchkey_client");
    private final Queue<String> written = new ConcurrentLinkedQueue<>();
    private final Handler listener = new Handler() {
        @Override
        public void publish(LogRecord line) {
            written.add(new SimpleFormatter().format(line));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @SuppressWarnings("NullAway.Init")
    private Caller admin;

    private int logStart;

    @BeforeEach
    void listen() throws SQLException {
        admin = new Caller(database.address());
        // Every id that there ever was, and every channel
        admin.execute("""
                CREATE TABLE public.ids (id uuid, channel text);
                CREATE FUNCTION public.remember() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
                    $$ BEGIN INSERT INTO public.ids VALUES (NEW.id, NEW.channel); RETURN NEW; END $$;
                CREATE TRIGGER remember BEFORE INSERT ON latchkey._session FOR EACH ROW
                    WHEN (NEW.granting_from <> 'infinity') EXECUTE FUNCTION public.remember();""");
        CLIENT_LOG.addHandler(listener);
        CLIENT_LOG.setLevel(Level.ALL);
        logStart = SecureServer.server().log().length();
    }

    @AfterEach
    void stop() throws SQLException {
        CLIENT_LOG.removeHandler(listener);
        CLIENT_LOG.setLevel(null);
        admin.close();
        database.close();
    }

    @Test
    void ids_areInNothingThatAnybodyReads() throws Exception {
        String url = database.address()
                .withUser(role)
                .withParameter("ApplicationName", "latchkey")
                .url();
        StringBuilder seen = new StringBuilder();
        try (Latchkey a = Scene.client(url, "a", TIMEOUT_MS).connect();
                Latchkey b = Scene.client(url, "b", TIMEOUT_MS).connect();
                Caller eavesdropper = new Caller(database.address())) {
            Lease first = a.lock("before").acquire();
            CompletableFuture<Lease> waiter = b.lock("before").acquireAsync();
            Scene.awaitWaiting(database.address(), "before", 1);
            for (String channel : admin.rows("SELECT channel FROM latchkey._session WHERE channel IS NOT NULL")) {
                eavesdropper.execute("LISTEN \"" + channel + "\"");
            }
            first.release();
            Scene.granted(waiter);
            work(a, b);
            look(seen, a, b);
            // The backends die, and the sessions outlive it
            admin.rows(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'latchkey' AND datname = current_database()");
            work(a, b);
            // A crash: resumed under a new id
            Lease kept = a.lock("kept").acquire();
            Scene.loseUnlogged(database);
            Scene.eventually(
                    () -> admin.ask("SELECT count(*) FROM latchkey._session").equals("2"));
            look(seen, a, b);
            assertThat(kept.isValid()).isTrue();
            // A session that ends, and the next one
            admin.execute("DELETE FROM latchkey._session");
            Scene.eventually(() -> !kept.isValid()
                    && admin.ask("SELECT count(*) FROM latchkey._session").equals("2"));
            work(a, b);
            fail(seen, a, kept);
            look(seen, a, b);
            for (PGNotification notification : notifications(eavesdropper)) {
                seen.append(notification.getName())
                        .append(' ')
                        .append(notification.getParameter())
                        .append('\n');
            }
        }
        List<String> ids = admin.rows("SELECT id FROM public.ids");
        assertThat(ids).as("two opened, two resumed, two new ones").hasSizeGreaterThanOrEqualTo(6);
        String log = SecureServer.server().log().substring(logStart);
        assertThat(log)
                .as("the server logs all statements")
                .contains("latchkey.acquire_lock", "latchkey.resume_session");
        assertThat(written).as("the client logs").isNotEmpty();
        assertThat(seen).contains("before", "holder");
        for (String id : ids) {
            for (String form :
                    new String[] {id, id.replace("-", ""), id.toUpperCase(Locale.ROOT), id.substring(0, 18)}) {
                assertThat(seen.toString()).doesNotContain(form);
                assertThat(log).doesNotContain(form);
                assertThat(String.join("\n", written)).doesNotContain(form);
            }
        }
    }

    /** What the setting that docs/security.md names is for: with the parameters of statements, the server's log has the ids. */
    @Test
    void ids_areInTheServersLog_ifItLogsParameters() throws SQLException {
        try (Caller loud = new Caller(database.address())) {
            loud.execute("SET log_parameter_max_length = -1");
            loud.open("loud");
            assertThat(SecureServer.server().log().substring(logStart)).contains(loud.session.toString());
        }
    }

    /** Calls that no client makes: the database's own message about a row would show the row. */
    @Test
    void ids_areInNoErrorOfTheDatabase() throws SQLException {
        try (Caller caller = new Caller(database.address().withUser(role)).open("caller")) {
            for (String call : IMPOSSIBLE) {
                String sql = call.replace("$S", "'" + caller.session + "'");
                assertThat(failure(caller, sql)).as(sql).contains("LK002").doesNotContain(caller.session.toString());
            }
            admin.execute(
                    "CREATE OR REPLACE FUNCTION latchkey._check_session(p_session uuid, p_holder text, p_channel text)"
                            + " RETURNS void LANGUAGE sql AS ''");
            assertThat(failure(
                            caller,
                            "SELECT latchkey.open_session('x', 1000, repeat('c', 64), '" + caller.session + "')"))
                    .as("without the check")
                    .contains("23514", "Failing row contains (" + caller.session);
        }
    }

    private static final List<String> IMPOSSIBLE = List.of(
            "SELECT latchkey.open_session('x', 1000, repeat('c', 64), $S)",
            "SELECT latchkey.open_session('x', 1000, '', $S)",
            "SELECT latchkey.open_session('', 1000, NULL, $S)",
            "SELECT latchkey.open_session('x', 1000, NULL, NULL)",
            "SELECT latchkey.acquire_lock($S, 'x', NULL, true)",
            "SELECT latchkey.acquire_shared($S, 'x', NULL, true)",
            "SELECT latchkey.acquire_timed($S, 'x', NULL, true, 1000, 0, 'x')",
            "SELECT latchkey.acquire_timed($S, 'x', 1, true, 1000, 0, repeat('x', 513))",
            "SELECT latchkey.add_watch($S, NULL, 'x')",
            "SELECT latchkey.acquire_lock($S, 'one', 1, true), latchkey.acquire_lock($S, 'two', 2, true),"
                    + " latchkey.acquire_shared($S, 'one', 3, true), latchkey.acquire_shared($S, 'two', 3, true)",
            "SELECT latchkey.acquire_shared($S, 'three', 4, true), latchkey.acquire_shared($S, 'four', 5, true),"
                    + " latchkey.acquire_shared($S, 'three', 6, true), latchkey.acquire_shared($S, 'four', 6, true)");

    private static String failure(Caller caller, String sql) {
        try {
            caller.execute(sql);
            return "it worked";
        } catch (SQLException e) {
            return e.getSQLState() + " " + text(e);
        }
    }

    private static void work(Latchkey a, Latchkey b) throws Exception {
        Lease lease = acquire(a);
        CompletableFuture<Lease> next = b.lock("work").acquireAsync();
        lease.onRevocationRequested(() -> {});
        b.lock("work").requestRevocation();
        lease.release();
        Scene.granted(next).release();
        a.readWriteLock("rw").readLock().acquire().release();
        b.semaphore("s", 3).acquire(2).release();
        a.multiLock("m1", "m2").acquire().close();
        a.lock("t")
                .tryAcquireTimed(LeaseTime.atMost(Duration.ofMinutes(1)))
                .orElseThrow()
                .release();
        LeaderElection election = b.election("e");
        election.campaign();
        assertThat(election.await(Scene.PATIENCE)).isPresent();
        election.resign();
    }

    /** Connections that were just killed make a call fail at most a few times. */
    private static Lease acquire(Latchkey client) throws InterruptedException {
        for (int i = 0; ; i++) {
            try {
                return client.lock("work").acquire();
            } catch (CoordinationException e) {
                if (i == 10) {
                    throw e;
                }
            }
        }
    }

    /** What can go wrong for a caller. */
    private void fail(StringBuilder seen, Latchkey client, Lease lost) throws SQLException {
        try (Caller mine = new Caller(database.address().withUser(role))) {
            mine.connection().setAutoCommit(false);
            try {
                lost.fence(mine.connection());
            } catch (RuntimeException e) {
                seen.append(text(e));
            }
            mine.connection().rollback();
        }
        try {
            client.semaphore("before", 3).acquire();
        } catch (RuntimeException | InterruptedException e) {
            seen.append(text(e));
        }
        try {
            Scene.client(database.address().withDatabase("missing").url(), "c", TIMEOUT_MS)
                    .connect()
                    .close();
        } catch (RuntimeException e) {
            seen.append(text(e));
        }
        assertThat(seen).contains("Exception");
    }

    private static String text(Throwable failure) {
        StringWriter all = new StringWriter();
        failure.printStackTrace(new PrintWriter(all, true));
        return all.toString();
    }

    private void look(StringBuilder seen, Latchkey... clients) throws Exception {
        for (String view : admin.rows("SELECT c.oid::regclass::text FROM pg_class c"
                + " WHERE c.relnamespace = 'latchkey'::regnamespace AND c.relkind = 'v' AND c.relname !~ '^_'")) {
            seen.append(admin.ask("SELECT coalesce(string_agg(to_jsonb(v)::text, E'\\n'), '') FROM " + view + " v"));
        }
        seen.append(admin.rows(
                "SELECT query || application_name FROM pg_stat_activity WHERE datname = current_database()"));
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            seen.append(thread.getName()).append('\n');
        }
        for (Latchkey client : clients) {
            describe(seen, client);
        }
    }

    /** What {@code toString} says of a client and of all objects of ours that it holds on to. */
    private static void describe(StringBuilder seen, Latchkey client) throws IllegalAccessException {
        Set<Object> known = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<Object> todo = new ArrayDeque<>(List.of(client));
        int ours = 0;
        while (!todo.isEmpty() && known.size() < 20_000) {
            Object object = todo.pop();
            if (!known.add(object)) {
                continue;
            }
            if (object.getClass().getName().startsWith("io.latchkey.")) {
                seen.append(object).append('\n');
                ours++;
            } else if (object instanceof Map<?, ?> map) {
                map.forEach((key, value) -> {
                    todo.push(key);
                    todo.push(value);
                });
                continue;
            } else if (object instanceof Iterable<?> iterable
                    && object.getClass().getName().startsWith("java.util.")) {
                iterable.forEach(element -> {
                    if (element != null) {
                        todo.push(element);
                    }
                });
                continue;
            } else if (!object.getClass().getName().startsWith("java.util.concurrent.atomic.")) {
                continue;
            }
            for (Class<?> type = object.getClass(); type != null; type = type.getSuperclass()) {
                for (Field field : type.getDeclaredFields()) {
                    if (!Modifier.isStatic(field.getModifiers())
                            && !field.getType().isPrimitive()) {
                        push(todo, object, field);
                    }
                }
            }
        }
        assertThat(ours).as("objects of ours that were looked at").isGreaterThan(20);
    }

    private static void push(Deque<Object> todo, Object object, Field field) throws IllegalAccessException {
        try {
            field.setAccessible(true);
        } catch (InaccessibleObjectException e) {
            return; // of the JDK
        }
        Object value = field.get(object);
        if (value != null) {
            todo.push(value);
        }
    }

    private static List<PGNotification> notifications(Caller eavesdropper) throws SQLException {
        PGNotification[] heard =
                eavesdropper.connection().unwrap(PGConnection.class).getNotifications(100);
        assertThat(heard).as("it hears the hand-overs").isNotEmpty();
        return List.of(heard);
    }
}
