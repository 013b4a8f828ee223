package io.latchkey.chaos.history;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.chaos.history.Event.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HistoryReaderTest {
    private static final Resource MUTEX = Resource.MUTEXES.get(0);

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path directory;

    private final HistoryReader reader = new HistoryReader();
    private final long start = System.nanoTime();

    @SuppressWarnings("NullAway.Init")
    private Path path;

    @BeforeEach
    void addFile() {
        path = directory.resolve("worker");
        reader.add("w1", path);
    }

    private static Event event(Kind kind, long time, long token, long extra) {
        return new Event(kind, Mode.EXCLUSIVE, MUTEX.id(), 1, time, token, extra);
    }

    private List<Attempt> attempts() {
        return reader.read().attempts().getOrDefault(MUTEX.id(), List.of());
    }

    @Test
    void fileThatIsNotThereYet_isEmpty() {
        assertThat(attempts()).isEmpty();
    }

    @Test
    void fileThatGrows_isReadToItsEndEachTime() {
        try (EventFile file = new EventFile(path)) {
            file.add(event(Kind.CALL, start, 0, 1 | Event.WAITS));
            assertThat(attempts()).singleElement().satisfies(attempt -> {
                assertThat(attempt.waits()).isTrue();
                assertThat(attempt.grantedAt()).isEqualTo(Attempt.NEVER);
            });
            file.add(event(Kind.GRANTED, start + 1, 77, start + 1_000));
            file.add(event(Kind.GIVING_BACK, start + 2, 0, 0));
            assertThat(attempts()).singleElement().satisfies(attempt -> {
                assertThat(attempt.token()).isEqualTo(77);
                assertThat(attempt.window()).contains(new Span(start + 1, start + 2));
            });
            assertThat(reader.count(Kind.CALL)).isEqualTo(1);
        }
    }

    @Test
    void recordThatIsHalfWritten_isLeftForLater() throws IOException {
        try (EventFile file = new EventFile(path)) {
            file.add(event(Kind.CALL, start, 0, 1));
        }
        byte[] whole = Files.readAllBytes(path);
        Files.write(path, new byte[Event.SIZE / 2], StandardOpenOption.APPEND);
        assertThat(attempts()).hasSize(1);
        Files.write(path, whole);
        assertThat(attempts()).hasSize(1);
    }

    @Test
    void eventAfterTheMomentOfReading_waitsForTheNext() {
        long later = System.nanoTime() + 3_600_000_000_000L;
        try (EventFile file = new EventFile(path)) {
            file.add(event(Kind.CALL, start, 0, 1));
            file.add(event(Kind.GRANTED, later, 77, later + 1));
        }
        assertThat(attempts())
                .singleElement()
                .satisfies(attempt -> assertThat(attempt.grantedAt()).isEqualTo(Attempt.NEVER));
    }

    @Test
    void processThatWasKilled_leavesItsAttemptsEnded() {
        try (EventFile file = new EventFile(path)) {
            file.add(event(Kind.CALL, start, 0, 1 | Event.WAITS));
        }
        reader.ended(path, start + 50);
        assertThat(attempts())
                .singleElement()
                .satisfies(attempt -> assertThat(attempt.waiting(start + 1_000)).contains(new Span(start, start + 50)));
    }

    @Test
    void guardedTransaction_isKnownByItsId() {
        try (EventFile file = new EventFile(path)) {
            file.add(event(Kind.CALL, start, 0, 1));
            file.add(event(Kind.FENCED, start + 1, 0, 4711));
            file.add(event(Kind.COMMITTING, start + 2, 0, 4711));
            assertThat(reader.read().writes()).singleElement().satisfies(write -> {
                assertThat(write.id()).isEqualTo(4711);
                assertThat(write.outcome()).isEqualTo(Write.Outcome.UNKNOWN);
            });
            file.add(event(Kind.COMMITTED, start + 3, 0, 4711));
            assertThat(reader.read().writes())
                    .singleElement()
                    .satisfies(write -> assertThat(write.outcome()).isEqualTo(Write.Outcome.COMMITTED));
        }
    }
}
