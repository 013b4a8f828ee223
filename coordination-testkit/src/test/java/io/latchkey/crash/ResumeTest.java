package io.latchkey.crash;

import static io.latchkey.faults.Scene.client;
import static io.latchkey.faults.Scene.eventually;
import static io.latchkey.faults.Scene.number;
import static io.latchkey.faults.Scene.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.faults.Scene;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Bad luck while a client resumes. What a crash leaves behind is made by hand here: empty unlogged tables. */
@Timeout(60)
final class ResumeTest {
    private static final String FIRST_ONE_IS_SLOW =
            "IF p_holder = 'holder' AND nextval('public.tries') = 1 THEN PERFORM pg_sleep(1.2); END IF;";
    private static final String SLOW =
            "IF p_holder = 'holder' THEN PERFORM nextval('public.tries'), pg_sleep(0.3); END IF;";

    @Test
    void answerThatIsLost_whileTheResumeTakesEffect_keepsTheLeases() throws Exception {
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), 4_000);
                Latchkey holder = client(database.url(), "holder", 3_000).connect();
                Latchkey other = client(database.url(), "other", 3_000).connect()) {
            Lease lease = holder.lock("job").acquire();
            try (Observer observer = new Observer(lease)) {
                // The first one takes longer than the client's network time-out, and is carried out nevertheless.
                database.execute(resumeWith("", FIRST_ONE_IS_SLOW));
                Scene.loseUnlogged(database);
                eventually(() -> number(database.address(), "SELECT last_value FROM tries") > 1);
                eventually(() ->
                        number(database.address(), "SELECT count(*) FROM latchkey.locks WHERE name = 'job'") == 1);
                awaitEndOfGrace(database);
                assertThat(other.lock("job").tryAcquire()).isEmpty();
                assertThat(observer.seenInvalid()).isFalse();
                assertThat(observer.losses()).isZero();
            }
            assertThat(lease.release()).isTrue();
            assertThat(other.lock("job").tryAcquire(Scene.PATIENCE)).isPresent();
        }
    }

    @Test
    void releaseDuringTheResume_leavesNoLockStuck() throws Exception {
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), 2_000);
                Latchkey holder = client(database.url(), "holder", 2_000).connect();
                Latchkey other = client(database.url(), "other", 2_000).connect()) {
            Lease lease = holder.lock("job").acquire();
            database.execute(resumeWith(SLOW, ""));
            Scene.loseUnlogged(database);
            eventually(() ->
                    text(database.address(), "SELECT is_called FROM tries").equals("t"));
            lease.release(); // already claimed, not yet resumed: the database does not find it
            assertThat(other.lock("job").tryAcquire(Duration.ofSeconds(5))).isPresent();
        }
    }

    private static void awaitEndOfGrace(TestDatabase database) {
        eventually(() -> number(
                        database.address(),
                        "SELECT count(*) FROM latchkey._incarnation WHERE granting_from < clock_timestamp()")
                == 1);
    }

    /** The original under another name, and one in its place that does something before and after. */
    private static String resumeWith(String before, String after) {
        String types = "(uuid, uuid, text, integer, text, text[], bigint[], bigint[], bigint[], integer[], integer[])";
        return "CREATE SEQUENCE tries; ALTER FUNCTION latchkey.resume_session" + types + " RENAME TO resume_original; "
                + """
                CREATE FUNCTION latchkey.resume_session(p_old uuid, p_session uuid, p_holder text, p_timeout_ms integer, p_channel text,
                    p_names text[], p_tokens bigint[], p_requests bigint[], p_left_ms bigint[],
                    p_weights integer[], p_permits integer[],
                    OUT outcome text, OUT incarnation bigint, OUT kept boolean[]) LANGUAGE plpgsql AS $$
                BEGIN
                """ + before + """
                    SELECT r.outcome, r.incarnation, r.kept INTO outcome, incarnation, kept
                      FROM latchkey.resume_original(p_old, p_session, p_holder, p_timeout_ms, p_channel,
                                                    p_names, p_tokens, p_requests, p_left_ms, p_weights, p_permits) r;
                """
                + after
                + " END $$";
    }
}
