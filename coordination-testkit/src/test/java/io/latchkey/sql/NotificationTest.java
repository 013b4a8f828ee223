package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/** Who is notified, when, and of what. */
final class NotificationTest extends SqlTest {
    private Party waiter() throws SQLException {
        Party b = connect();
        b.ask("SELECT session FROM latchkey.open_session('b', 15000, 'b_channel', ?)", b.session);
        b.execute("LISTEN b_channel");
        return b;
    }

    private Party unflushedHolder() throws SQLException {
        Party a = client("a");
        a.execute("SET synchronous_commit = off");
        return a;
    }

    /** Payloads up to now; a last one of our own says that there are no more. */
    private List<String> received(Party listener) throws SQLException {
        admin.execute("NOTIFY b_channel, 'end'");
        List<String> payloads = new ArrayList<>();
        for (long deadline = System.nanoTime() + 5_000_000_000L; System.nanoTime() < deadline; ) {
            PGNotification[] some =
                    listener.connection().unwrap(PGConnection.class).getNotifications(100);
            for (PGNotification one : some == null ? new PGNotification[0] : some) {
                if (one.getParameter().equals("end")) {
                    return payloads;
                }
                payloads.add(one.getParameter());
            }
        }
        throw new AssertionError("Notifications do not arrive");
    }

    @Test
    void handOver_notifiesTheNextOwner_withProofAndNothingElse() throws SQLException {
        Party a = unflushedHolder();
        Party b = waiter();
        long token = a.tryAcquire("secret name", 1).granted();
        b.acquire("secret name", 0xabcdefL);
        a.release("secret name", token);
        String next = admin.ask("SELECT token FROM latchkey._lock");
        String incarnation = admin.ask("SELECT id FROM latchkey._incarnation");
        assertThat(received(b)).containsExactly("abcdef " + next + " " + incarnation);
    }

    @Test
    void release_whenNobodyWaits_notifiesNobody() throws SQLException {
        Party a = unflushedHolder();
        Party b = waiter();
        a.release("x", a.tryAcquire("x", 1).granted());
        b.acquire("y", 2);
        b.withdraw("y", 2);
        assertThat(received(b)).isEmpty();
    }

    @Test
    void handOver_withFlushedCommit_notifiesOnlyWhenAskedTo() throws SQLException {
        Party a = client("a");
        a.execute("SET synchronous_commit = on");
        Party b = waiter();
        long token = a.tryAcquire("x", 1).granted();
        b.acquire("x", 2);
        a.release("x", token);
        assertThat(received(b)).isEmpty();
        a.ask("SELECT latchkey.wake(?)", a.texts("x", "unknown"));
        assertThat(received(b)).hasSize(1).first().asString().startsWith("2 ");
    }

    @Test
    void wake_tellsNothingOfALockThatWentOn() throws SQLException {
        Party a = client("a");
        Party b = waiter();
        long token = a.tryAcquire("x", 1).granted();
        b.acquire("x", 2);
        a.release("x", token);
        b.withdraw("x", 2);
        a.ask("SELECT latchkey.wake(?)", a.texts("x"));
        assertThat(received(b)).isEmpty();
    }

    @Test
    void quiet_suppressesNotifications() throws SQLException {
        Party a = unflushedHolder();
        Party b = waiter();
        long token = a.tryAcquire("x", 1).granted();
        b.acquire("x", 2);
        a.execute("SET latchkey.quiet = on");
        assertThat(a.release("x", token)).isEqualTo("handed_over");
        assertThat(received(b)).isEmpty();
    }

    @Test
    void handOver_toClientThatDoesNotListen_needsNoChannel() throws SQLException {
        Party a = unflushedHolder();
        long token = a.tryAcquire("x", 1).granted();
        client("b").acquire("x", 2);
        assertThat(a.release("x", token)).isEqualTo("handed_over");
    }
}
