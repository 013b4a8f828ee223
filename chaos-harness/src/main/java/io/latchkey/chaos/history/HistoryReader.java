package io.latchkey.chaos.history;

import io.latchkey.chaos.history.Event.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the files of the workers while they grow. All of them are read up to the same moment: what came before something that is in
 * one file (a release, before the next grant) had been written before that moment, so it is there too.
 */
public final class HistoryReader {
    private static final long REMEMBERED_NANOS = 60_000_000_000L;

    private final History history = new History();
    private final List<Source> sources = new ArrayList<>();
    private final Map<Kind, Long> counts = new EnumMap<>(Kind.class);

    /** One file and how far it was read. */
    private static final class Source {
        private final String worker;
        private final Path path;
        private final Map<Integer, Attempt> open = new HashMap<>();
        private final Map<Long, Write> writes = new HashMap<>();
        /** Given back a while ago: the end of a lease may be told a moment after its release. */
        private final ArrayDeque<Event> givenBack = new ArrayDeque<>();

        private final List<Event> later = new ArrayList<>();
        private long position;
        private long endedAt = Long.MAX_VALUE;

        private Source(String worker, Path path) {
            this.worker = worker;
            this.path = path;
        }
    }

    /** A process and its file, which may not exist yet. */
    public synchronized void add(String worker, Path path) {
        sources.add(new Source(worker, path));
    }

    /** This process has ended: nothing more comes from it. */
    public synchronized void ended(Path path, long at) {
        sources.stream().filter(source -> source.path.equals(path)).forEach(source -> {
            source.endedAt = at;
        });
    }

    /** Reads what was added, and returns all of it. */
    public synchronized History read() {
        long now = System.nanoTime();
        for (Source source : sources) {
            boolean over = source.endedAt != Long.MAX_VALUE;
            read(source, now);
            if (over) {
                source.open.values().forEach(attempt -> attempt.processEnded(source.endedAt));
                source.open.clear();
                source.writes.clear();
            }
        }
        return history.until(now);
    }

    /** How often each kind of event was read. */
    public synchronized long count(Kind kind) {
        return counts.getOrDefault(kind, 0L);
    }

    private void read(Source source, long until) {
        List<Event> due = new ArrayList<>(source.later);
        source.later.clear();
        due.forEach(event -> take(source, event, until));
        if (!source.path.toFile().exists()) {
            return;
        }
        ByteBuffer buffer = ByteBuffer.allocate(Event.SIZE * 8_192);
        try (FileChannel channel = FileChannel.open(source.path, StandardOpenOption.READ)) {
            while (true) {
                buffer.clear();
                int length = channel.read(buffer, source.position);
                buffer.flip();
                int whole = Math.max(0, length) / Event.SIZE; // the last one may be half written
                for (int i = 0; i < whole; i++) {
                    take(source, Event.read(buffer), until);
                }
                source.position += (long) whole * Event.SIZE;
                if (whole == 0) {
                    return;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void take(Source source, Event event, long until) {
        if (event.time() - until > 0) {
            source.later.add(event);
        } else {
            take(source, event);
        }
    }

    private void take(Source source, Event event) {
        counts.merge(event.kind(), 1L, Long::sum);
        if (event.kind() == Kind.CALL) {
            Attempt attempt = new Attempt(
                    source.worker,
                    Resource.of(event.resource()),
                    event.mode(),
                    (int) event.extra(),
                    (event.extra() & Event.WAITS) != 0,
                    event.time());
            source.open.put(event.op(), attempt);
            history.add(attempt);
            return;
        }
        Attempt attempt = source.open.get(event.op());
        if (attempt == null) {
            return; // a counter, or told twice
        }
        switch (event.kind()) {
            case GRANTED -> attempt.granted(event.time(), event.token(), event.extra());
            case GRANTED_LATE -> attempt.grantedLate(event.time(), event.token());
            case VALID -> attempt.valid(event.time(), event.extra());
            case INVALID -> attempt.invalid(event.time());
            case GIVING_BACK -> attempt.givingBack(event.time());
            case GIVEN_BACK -> attempt.givenBack(event.time());
            case ENDED -> attempt.ended(event.time(), Attempt.End.of(event.extra()));
            case FENCED -> {
                Write write = new Write(event.extra(), attempt).fenced(event.time());
                source.writes.put(event.extra(), write);
                history.add(write);
            }
            case COMMITTING -> write(source, event).committing(event.time());
            case COMMITTED -> write(source, event).ended(event.time(), Write.Outcome.COMMITTED);
            case ROLLED_BACK -> write(source, event).ended(event.time(), Write.Outcome.ROLLED_BACK);
            default -> {}
        }
        if (event.kind() == Kind.ENDED) {
            source.open.remove(event.op());
        } else if (event.kind() == Kind.GIVEN_BACK) {
            source.givenBack.add(event);
            while (source.givenBack.element().time() < event.time() - REMEMBERED_NANOS) {
                source.open.remove(source.givenBack.remove().op());
            }
        } else if (event.kind() == Kind.COMMITTED || event.kind() == Kind.ROLLED_BACK) {
            source.writes.remove(event.extra());
        }
    }

    private static Write write(Source source, Event event) {
        Write write = source.writes.get(event.extra());
        if (write == null) {
            throw new IllegalStateException("a transaction that did not begin: " + event);
        }
        return write;
    }
}
