package io.latchkey.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import org.junit.jupiter.api.Test;

class AdaptiveSpinTest {
    private static final long SPIN_NANOS = 200_000;

    private final Answer answer = new Answer();

    /** An answer that is there at the n-th look. */
    private static final class Answer extends InputStream {
        private int looks;
        private int thereAt = Integer.MAX_VALUE;

        @Override
        public int available() {
            return ++looks >= thereAt ? 1 : 0;
        }

        @Override
        public int read() {
            throw new AssertionError("spinning looks, and reads nothing");
        }

        @Override
        public int read(byte[] buffer, int offset, int length) {
            return read();
        }
    }

    @Test
    void answerThatComesSoon_isAwaited_eachTime() throws IOException {
        AdaptiveSpin spin = new AdaptiveSpin(1_000_000_000);
        answer.thereAt = 3;
        for (int call = 0; call < 5; call++) {
            answer.looks = 0;
            spin.await(answer, System.nanoTime());
            assertThat(answer.looks).isEqualTo(3);
        }
    }

    @Test
    void answerThatComesLate_isNotLookedForAgainForAWhile() throws IOException {
        AdaptiveSpin spin = new AdaptiveSpin(SPIN_NANOS);
        long sentAt = System.nanoTime();
        spin.await(answer, sentAt);
        assertThat(System.nanoTime() - sentAt).isGreaterThanOrEqualTo(SPIN_NANOS);
        assertThat(answer.looks).isPositive();
        int looks = answer.looks;
        for (int call = 0; call < 32; call++) {
            spin.await(answer, System.nanoTime());
        }
        assertThat(answer.looks).isEqualTo(looks);
        spin.await(answer, System.nanoTime());
        assertThat(answer.looks).isGreaterThan(looks);
    }

    @Test
    void noTimeToSpin_isNoLook() throws IOException {
        new AdaptiveSpin(0).await(answer, System.nanoTime());
        assertThat(answer.looks).isZero();
    }
}
