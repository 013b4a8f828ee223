package io.latchkey.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.LeaseTime;
import io.latchkey.spi.Attempt;
import io.latchkey.spi.LatchkeyEvents;
import io.latchkey.testkit.PostgresExtension;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Each call for a lock is told to those who observe, at its beginning on its own thread, and at its end once. */
class AttemptTest {
    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    private final List<String> story = new CopyOnWriteArrayList<>();
    private Latchkey other;
    private Latchkey observed;

    private final class Teller implements LatchkeyEvents {
        @Override
        public Attempt acquiring(String lock) {
            story.add("begins on " + Thread.currentThread().getName());
            return new Attempt() {
                @Override
                public void granted(long fencingToken, boolean queued) {
                    story.add(queued ? "granted after a wait" : "granted");
                }

                @Override
                public void refused() {
                    story.add("refused");
                }

                @Override
                public void failed(Throwable error) {
                    story.add("failed: " + error.getMessage());
                }
            };
        }
    }

    @BeforeEach
    void connect() {
        other = Latchkey.connect(POSTGRES.database().url());
        observed = Latchkey.builder(POSTGRES.database().url())
                .events(new LatchkeyEvents() {
                    @Override
                    public Attempt acquiring(String lock) {
                        throw new IllegalStateException("an observer that fails");
                    }
                })
                .events(new Teller())
                .connect();
        Thread.currentThread().setName("the caller");
    }

    @AfterEach
    void close() {
        observed.close();
        other.close();
    }

    @Test
    void calls_thatAreGranted() throws Exception {
        observed.lock("a").acquire().release();
        observed.lock("a").tryAcquire().orElseThrow().release();
        observed.lock("b")
                .tryAcquireTimed(LeaseTime.atMost(Duration.ofSeconds(5)))
                .orElseThrow()
                .release();
        assertStory(
                "begins on the caller",
                "granted",
                "begins on the caller",
                "granted",
                "begins on the caller",
                "granted");
    }

    @Test
    void call_thatIsGrantedAfterAWait() throws Exception {
        Lease held = other.lock("a").acquire();
        CompletableFuture<Lease> later = observed.lock("a").acquireAsync();
        await().until(() -> observed.inspect(1).waiters().total() == 1);
        held.release();
        later.get().release();
        assertStory("begins on the caller", "granted after a wait");
    }

    @Test
    void calls_thatAreRefused_interruptedOrCancelled() throws Exception {
        try (Lease held = other.lock("a").acquire()) {
            assertThat(observed.lock("a").tryAcquire()).isEmpty();
            assertThat(observed.lock("a").tryAcquire(Duration.ofMillis(50))).isEmpty();
            assertThat(observed.lock("a").acquireAsync().cancel(false)).isTrue();
            assertThat(held.isValid()).isTrue();
        }
        assertStory(
                "begins on the caller",
                "refused",
                "begins on the caller",
                "refused",
                "begins on the caller",
                "refused");
    }

    @Test
    void call_thatFails() throws Exception {
        Lease held = other.lock("a").acquire();
        CompletableFuture<Lease> later = observed.lock("a").acquireAsync();
        await().until(() -> observed.waitingCalls() == 1);
        observed.close();
        assertThatThrownBy(later::get).isInstanceOf(ExecutionException.class);
        assertStory("begins on the caller", "failed: this Latchkey client was closed while the call waited");
        held.release();
    }

    /** The end is told by the thread that finds out, which need not be the caller's. */
    private void assertStory(String... events) {
        await().untilAsserted(() -> assertThat(story).containsExactly(events));
    }
}
