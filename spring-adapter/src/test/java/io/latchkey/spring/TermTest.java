package io.latchkey.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Leadership;
import java.sql.Connection;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.springframework.integration.leader.DefaultCandidate;

class TermTest {
    /** A leadership whose time can be up before anybody has been told, as after a pause of the process. */
    private record Timed(AtomicBoolean live) implements Leadership {
        @Override
        public String election() {
            return "role";
        }

        @Override
        public long term() {
            return 7;
        }

        @Override
        public boolean isValid() {
            return live.get();
        }

        @Override
        public Duration remaining() {
            return Duration.ZERO;
        }

        @Override
        public void onLost(Runnable action) {}

        @Override
        public void onRevocationRequested(Runnable action) {}

        @Override
        public void fence(Connection connection) {}
    }

    @Test
    void isLeader_looksAtTheDeadlineEachTime() {
        AtomicBoolean isValid = new AtomicBoolean(true);
        Term term = new Term(new DefaultCandidate("id", "role"), new Timed(isValid));
        assertThat(term.isLeader()).isTrue();
        isValid.set(false);
        assertThat(term.isLeader()).isFalse();
    }

    @Test
    void isLeader_isFalseFromTheYieldOn() {
        Term term = new Term(new DefaultCandidate("id", "role"), new Timed(new AtomicBoolean(true)));
        term.yield();
        assertThat(term.isLeader()).isFalse();
    }
}
