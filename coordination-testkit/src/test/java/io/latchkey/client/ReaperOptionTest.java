package io.latchkey.client;

import static io.latchkey.faults.Scene.client;
import static io.latchkey.faults.Scene.eventually;
import static io.latchkey.faults.Scene.millisSince;
import static io.latchkey.faults.Scene.number;
import static io.latchkey.faults.Scene.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.CoordinationException;
import io.latchkey.Latchkey;
import io.latchkey.Reaper;
import io.latchkey.ReaperStatus.RunBy;
import io.latchkey.testkit.DatabaseAddress;
import io.latchkey.testkit.PostgresExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Who reaps where there is no pg_cron. With it: {@code io.latchkey.cron}. */
@Timeout(60)
final class ReaperOptionTest {
    @RegisterExtension
    final PostgresExtension postgres = new PostgresExtension();

    private DatabaseAddress where() {
        return postgres.database().address();
    }

    private String url() {
        return where().url();
    }

    /** A session whose client is gone. */
    private void leaveExpiredSession() {
        postgres.database().execute("SELECT latchkey.open_session('gone', 100)");
    }

    private boolean isReaped() {
        return text(where(), "SELECT count(*) FROM latchkey._session WHERE holder = 'gone'")
                .equals("0");
    }

    @Test
    void auto_letsClientsReap_andTellsWhy() {
        try (Latchkey client = client(url(), "auto", 500).connect()) {
            leaveExpiredSession();
            eventually(this::isReaped);
            var status = client.reaperStatus();
            assertThat(status.runBy()).isEqualTo(RunBy.CLIENTS);
            assertThat(status.age()).isLessThan(Duration.ofSeconds(5));
            assertThat(status.obstacle()).contains("pg_cron is not", "shared_preload_libraries = 'pg_cron'");
        }
    }

    @Test
    void pgCron_whereThereIsNone_failsInOneSentence() {
        assertThatThrownBy(() -> Latchkey.builder(url()).reaper(Reaper.PG_CRON).connect())
                .isInstanceOfSatisfying(
                        CoordinationException.class,
                        e -> assertThat(e.sqlState()).startsWith("LK01"))
                .hasMessageContainingAll("pg_cron cannot run the reaper at 127.0.0.1:", "restart the server")
                .hasMessageNotContainingAny("\n", "password=");
    }

    @Test
    void client_doesNotAskForPgCron_andReaps() {
        try (Latchkey client =
                client(url(), "client", 500).reaper(Reaper.CLIENT).connect()) {
            leaveExpiredSession();
            eventually(this::isReaped);
            assertThat(client.reaperStatus().obstacle()).isNull();
        }
    }

    @Test
    void none_neverReaps() {
        try (Latchkey client = client(url(), "none", 500).reaper(Reaper.NONE).connect()) {
            leaveExpiredSession();
            // Longer than any client in turn would wait
            LockSupport.parkNanos(Duration.ofSeconds(3).toNanos());
            assertThat(isReaped()).isFalse();
            assertThat(client.reaperStatus().runBy()).isEqualTo(RunBy.NOBODY);
            assertThat(client.reaperStatus().age()).isNull();
        }
    }

    @Test
    void manyClients_takeTurns() {
        List<Latchkey> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 6; i++) {
                clients.add(client(url(), "client " + i, 500).connect());
            }
            eventually(() -> number(where(), "SELECT count(*) FROM latchkey._reaper") == 1);
            assertThat(runsInFourSeconds()).isBetween(1, 3);
            // Its twin: nobody looks whether somebody else did it a moment ago.
            String renewal = text(where(), "SELECT pg_get_functiondef('latchkey.renew_session'::regproc)");
            assertThat(renewal).contains("_reap_in_turn('2 seconds'");
            postgres.database().execute(renewal.replace("_reap_in_turn('2 seconds'", "_reap_in_turn('0'"));
            assertThat(runsInFourSeconds()).isGreaterThan(6);
        } finally {
            clients.forEach(Latchkey::close);
        }
    }

    private int runsInFourSeconds() {
        Set<String> runs = new HashSet<>();
        long begun = System.nanoTime();
        while (millisSince(begun) < 4_000) { // some hundred renewals
            runs.add(text(where(), "SELECT last_run FROM latchkey._reaper"));
            LockSupport.parkNanos(5_000_000);
        }
        return runs.size();
    }
}
