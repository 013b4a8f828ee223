package io.latchkey.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DeadlineTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    @Test
    void isLive_beforeIt() {
        Deadline deadline = new Deadline(System.nanoTime() + 100 * SECOND);
        assertThat(deadline.isLive()).isTrue();
        assertThat(deadline.remainingNanos()).isBetween(90 * SECOND, 100 * SECOND);
    }

    @Test
    void extend_beforeIt_moves() {
        Deadline deadline = new Deadline(System.nanoTime() + SECOND);
        assertThat(deadline.extend(System.nanoTime() + 100 * SECOND)).isTrue();
        assertThat(deadline.remainingNanos()).isGreaterThan(90 * SECOND);
    }

    @Test
    void extend_afterIt_isRefused_andItStaysDead() {
        Deadline deadline = new Deadline(System.nanoTime() - 1);
        assertThat(deadline.extend(System.nanoTime() + 100 * SECOND)).isFalse();
        assertThat(deadline.isLive()).isFalse();
        assertThat(deadline.remainingNanos()).isZero();
    }

    @Test
    void end_isForEver() {
        Deadline deadline = new Deadline(System.nanoTime() + 100 * SECOND);
        deadline.end();
        assertThat(deadline.isLive()).isFalse();
        assertThat(deadline.extend(System.nanoTime() + 100 * SECOND)).isFalse();
    }

    @Test
    void of_countsFromBeforeTheCall_lessAMargin() {
        assertThat(Deadline.of(5, 2 * SECOND)).isEqualTo(5 + 2 * SECOND - SECOND / 5);
        assertThat(Deadline.of(5, 60 * SECOND)).isEqualTo(5 + 60 * SECOND - SECOND / 2);
    }

    /** nanoTime may be any number: the comparison has to survive its overflow. */
    @Test
    void isLive_acrossTheOverflowOfNanoTime() {
        assertThat(new Deadline(System.nanoTime() + Long.MAX_VALUE / 2).isLive())
                .isTrue();
        assertThat(new Deadline(Long.MIN_VALUE).remainingNanos()).isGreaterThanOrEqualTo(0);
    }
}
