package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/** Hearing of what is no grant: requests to give up a lease, and who leads. */
final class WatchTest extends SqlTest {
    private Party listener() throws SQLException {
        Party b = connect();
        b.ask("SELECT session FROM latchkey.open_session('b', 15000, 'b_channel', ?)", b.session);
        b.execute("LISTEN b_channel");
        return b;
    }

    private Party unflushed() throws SQLException {
        Party a = client("a");
        a.execute("SET synchronous_commit = off");
        return a;
    }

    private static String watch(Party party, long request, @Nullable Long token) throws SQLException {
        return party.ask("SELECT latchkey.add_watch(?, ?, 'x', ?)", party.session, request, token);
    }

    private static String asked(Party party) throws SQLException {
        return party.ask("SELECT bool_or(asked) FROM latchkey.check_watches(?)", party.session);
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
        throw new AssertionError("no end");
    }

    @Test
    void request_tellsTheHolder_ifItListensToRequests() throws SQLException {
        Party a = unflushed();
        Party b = listener();
        assertThat(a.ask("SELECT latchkey.request_revocation('x')"))
                .as("unknown")
                .isEqualTo("f");
        long token = b.tryAcquire("x", 255).granted();
        assertThat(a.ask("SELECT latchkey.request_revocation('x')"))
                .as("it does not listen")
                .isEqualTo("f");
        assertThat(watch(b, 254, token)).isEqualTo("t");
        assertThat(watch(b, 254, token)).as("again").isEqualTo("t");
        assertThat(asked(b)).isEqualTo("f");
        assertThat(a.ask("SELECT latchkey.request_revocation('x')")).isEqualTo("t");
        assertThat(received(b)).containsExactly("fe look");
        assertThat(asked(b)).isEqualTo("t");
        b.ask("SELECT latchkey.remove_watch(?, 254)", b.session);
        assertThat(a.ask("SELECT latchkey.request_revocation('x')")).isEqualTo("f");
        assertThat(asked(b)).isEqualTo("null");
    }

    @Test
    void request_isForTheCurrentLeaseAlone() throws SQLException {
        requestAfterTheLeaseHasEnded();
        assertThat(admin.ask("SELECT asked_at FROM latchkey._watch")).isEqualTo("null");
    }

    @Test
    void request_withoutTheTokenCompared_isForLeasesOfThePastToo() throws SQLException {
        sabotage("request_revocation", "AND w.token = held.token", "");
        requestAfterTheLeaseHasEnded();
        assertThat(admin.ask("SELECT asked_at FROM latchkey._watch")).isNotEqualTo("null");
    }

    private void requestAfterTheLeaseHasEnded() throws SQLException {
        Party a = unflushed();
        Party b = listener();
        long token = b.tryAcquire("x", 1).granted();
        watch(b, 2, token);
        b.release("x", token);
        a.tryAcquire("x", 3).granted();
        a.ask("SELECT latchkey.request_revocation('x')");
    }

    @Test
    void request_toHolderThatIsOver_isForNobody() throws SQLException {
        Party a = unflushed();
        Party b = listener();
        watch(b, 2, b.tryAcquire("x", 1).granted());
        expire(b);
        assertThat(a.ask("SELECT latchkey.request_revocation('x')")).isEqualTo("f");
        assertThat(watch(b, 3, 1L)).as("its session is over").isEqualTo("f");
        b.session = UUID.randomUUID();
        assertThat(watch(b, 3, 1L)).isEqualTo("f");
    }

    @Test
    void observer_isToldToLook_andSeesWhoLeads() throws SQLException {
        Party a = unflushed();
        Party b = listener();
        watch(b, 16, null);
        String look =
                "SELECT coalesce(leader || ' ' || holder || ' ' || metadata, 'nobody') FROM latchkey.check_watches(?, '{16}')";
        assertThat(b.ask(look, b.session)).isEqualTo("nobody");
        a.ask("SELECT latchkey.join_election(?, 'x', 1, 'me', 'here')", a.session);
        assertThat(received(b))
                .as("elections that nobody observes cost nothing")
                .isEmpty();
        a.ask("SELECT latchkey.announce_leader('x')");
        assertThat(received(b)).containsExactly("10 look");
        assertThat(b.ask(look, b.session)).isEqualTo("me a here");
        assertThat(b.ask("SELECT latchkey.check_watches(?, '{17}')", b.session)).isEqualTo("none");
        assertThat(a.ask("SELECT latchkey.request_revocation('x')"))
                .as("who observes holds nothing")
                .isEqualTo("f");
    }

    @Test
    void flushedCommit_carriesNoNotification() throws SQLException {
        Party b = listener();
        watch(b, 16, null);
        admin.ask("SELECT latchkey.announce_leader('x')");
        assertThat(received(b)).isEmpty();
    }

    @Test
    void flushedCommit_withoutItsGuard_carriesOne() throws SQLException {
        sabotage("_notify_watchers", "current_setting('synchronous_commit') = 'off' AND ", "");
        Party b = listener();
        watch(b, 16, null);
        admin.ask("SELECT latchkey.announce_leader('x')");
        assertThat(received(b)).containsExactly("10 look");
    }
}
