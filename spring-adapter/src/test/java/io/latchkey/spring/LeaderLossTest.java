package io.latchkey.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Latchkey;
import io.latchkey.SessionState;
import io.latchkey.testkit.PostgresExtension;
import io.latchkey.testkit.TcpProxy;
import java.sql.Connection;
import java.sql.ResultSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.integration.leader.AbstractCandidate;
import org.springframework.integration.leader.Context;

/** A leadership that is lost: told at once, regained, and nothing of it is left over. With Spring's own initiator and with ours. */
@Timeout(90)
class LeaderLossTest {
    private static final Duration LEASE = Duration.ofSeconds(3);
    private static final Duration BUSY_MACHINE = Duration.ofSeconds(5);

    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    private final String role = "lost-" + System.nanoTime();
    private final List<AutoCloseable> toClose = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (int i = toClose.size(); i-- > 0; ) {
            toClose.get(i).close();
        }
    }

    private Latchkey client(String url) {
        Latchkey latchkey = Latchkey.builder(url).sessionTimeout(LEASE).connect();
        toClose.add(latchkey);
        return latchkey;
    }

    private Initiator.Running start(Initiator kind, Latchkey latchkey, Host candidate) {
        Initiator.Running running = kind.start(latchkey, candidate, event -> {});
        toClose.add(running::stop);
        return running;
    }

    private static ConditionFactory soon() {
        return await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(5));
    }

    private class Host extends AbstractCandidate {
        final AtomicInteger granted = new AtomicInteger();
        final AtomicInteger revoked = new AtomicInteger();
        final List<Long> changedAt = new CopyOnWriteArrayList<>();
        volatile Context context = () -> false;

        Host() {
            super("id", role);
        }

        @Override
        public void onGranted(Context now) {
            context = now;
            changedAt.add(System.nanoTime());
            granted.incrementAndGet();
        }

        @Override
        public void onRevoked(Context before) {
            changedAt.add(System.nanoTime());
            revoked.incrementAndGet();
        }

        boolean leads() {
            return granted.get() > revoked.get();
        }
    }

    private String holder() throws Exception {
        try (Connection connection = POSTGRES.database().connect();
                ResultSet row = connection
                        .createStatement()
                        .executeQuery(
                                "SELECT string_agg(holder, ' and ') FROM latchkey.locks WHERE name = '" + role + "'")) {
            row.next();
            return String.valueOf(row.getString(1));
        }
    }

    @ParameterizedTest
    @EnumSource
    void leader_thatLostAndRegained_leaksNoHold_andFreesTheRowAtOnceWhenItStops(Initiator kind) throws Exception {
        Latchkey latchkey = client(POSTGRES.database().url());
        Host host = new Host();
        Initiator.Running running = start(kind, latchkey, host);
        for (int i = 1; i <= 3; i++) {
            int times = i;
            soon().until(() -> host.granted.get() == times && host.leads());
            assertThat(latchkey.leases()).hasSize(1);
            assertThat(running.context().isLeader()).isTrue();
            POSTGRES.database().execute("DELETE FROM latchkey._session WHERE holder = '" + latchkey.holder() + "'");
            soon().until(() -> host.revoked.get() == times);
        }
        soon().until(() -> host.granted.get() == 4);
        assertThat(holder()).isEqualTo(latchkey.holder());
        running.stop();
        soon().until(() -> holder().equals("null"));
        // By its release: a hold that was left over would be renewed with the session, which lives on
        assertThat(latchkey.state()).isIn(SessionState.CONNECTED, SessionState.RECONNECTED);
        assertThat(latchkey.leases()).isEmpty();
        soon().until(() -> !host.leads());
        assertThat(host.revoked).hasValue(4);
    }

    @ParameterizedTest
    @EnumSource
    void leader_thatIsCutOff_doesNotLeadAnyMore_whenTheNextIsGranted_withinItsLeaseAndAHeartBeat(Initiator kind)
            throws Exception {
        TcpProxy proxy = TcpProxy.to(POSTGRES.database().address());
        toClose.add(proxy);
        Host first = new Host();
        Host next = new Host() {
            @Override
            public void onGranted(Context now) {
                assertThat(first.context.isLeader()).isFalse();
                super.onGranted(now);
            }
        };
        start(kind, client(POSTGRES.database().address().withPort(proxy.port()).url()), first);
        soon().until(first::leads);
        start(kind, client(POSTGRES.database().url()), next);
        long start = System.nanoTime();
        proxy.blackHole();
        soon().until(next::leads);
        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isLessThan(LEASE.plus(Initiator.HEART_BEAT).plus(BUSY_MACHINE));
        soon().until(() -> !first.leads());
        if (kind == Initiator.LATCHKEYS) { // which is told, and does not ask with each beat of a heart
            assertThat(first.changedAt.get(1)).isLessThan(next.changedAt.get(0));
        }
    }
}
