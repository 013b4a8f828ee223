package io.latchkey.elections;

import io.latchkey.ElectionListener;
import io.latchkey.Latchkey;
import io.latchkey.LeaderElection;
import io.latchkey.Leadership;
import io.latchkey.testkit.ParentChannel;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A process with some candidates of one election, that looks all the time whether one of them leads. Arguments: URL, name of the
 * worker, session timeout in ms, number of candidates, and what it believes in: {@code deadline} or {@code flag}, as a program does
 * that remembers what its listener was told.
 *
 * <p>It says {@code elected TERM AT} and, while it leads, {@code valid TERM FROM UNTIL}: what its looks prove, in {@link
 * System#nanoTime()}, which all processes of one machine share on Linux. Told to {@code close}, it closes the candidate that leads, puts
 * a new one in its place, and says {@code closing TERM AT}.
 */
final class CandidateWorker {
    private static final long REPORT_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final ParentChannel parent;
    private final Latchkey latchkey;
    private final String name;
    private final boolean trustsFlag;
    private final AtomicLong flag = new AtomicLong();
    private final AtomicInteger count = new AtomicInteger();
    private final List<LeaderElection> candidates = new CopyOnWriteArrayList<>();

    private CandidateWorker(ParentChannel parent, Latchkey latchkey, String name, boolean trustsFlag) {
        this.parent = parent;
        this.latchkey = latchkey;
        this.name = name;
        this.trustsFlag = trustsFlag;
    }

    /** Runs until the parent closes the pipe. */
    public static void main(String[] args) throws InterruptedException {
        ParentChannel parent = ParentChannel.open();
        try (Latchkey latchkey = Latchkey.builder(args[0])
                .holder(args[1])
                .sessionTimeout(Duration.ofMillis(Long.parseLong(args[2])))
                .connect()) {
            CandidateWorker worker = new CandidateWorker(parent, latchkey, args[1], args[4].equals("flag"));
            for (int i = 0; i < Integer.parseInt(args[3]); i++) {
                worker.join();
            }
            Thread looks = new Thread(worker::look, "looks");
            looks.setDaemon(true);
            looks.start();
            parent.send("ready");
            while (parent.receive().equals("close")) {
                worker.close();
            }
        }
    }

    private void join() {
        LeaderElection election = latchkey.election("office", name + "/" + count.incrementAndGet());
        election.addListener(new ElectionListener() {
            @Override
            public void elected(Leadership leadership) {
                parent.send("elected " + leadership.term() + " " + System.nanoTime());
                flag.set(leadership.term());
            }

            @Override
            public void lost(long term) {
                parent.send("lost " + term + " " + System.nanoTime());
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50)); // whoever trusts the flag has a busy thread
                flag.compareAndSet(term, 0);
            }

            @Override
            public void resigned(long term) {
                flag.compareAndSet(term, 0);
            }
        });
        election.campaign();
        candidates.add(election);
    }

    private void close() {
        for (LeaderElection candidate : candidates) {
            OptionalLong term = candidate.term();
            if (term.isPresent()) {
                parent.send("closing " + term.getAsLong() + " "
                        + System.nanoTime()); // before the next one, here or elsewhere, speaks
                candidate.close();
                candidates.remove(candidate);
                join();
                return;
            }
        }
        parent.send("closing nothing");
    }

    private void look() {
        long term = 0;
        long from = 0;
        long reported = 0;
        while (true) {
            long asked = System.nanoTime();
            long now = leads();
            long answered = System.nanoTime();
            if (now != 0 && now != term) {
                term = now;
                from = answered;
            } else if (now != 0 && asked - reported > REPORT_NANOS) {
                // It was valid when the first of these looks was answered and when the last was asked, so all the time
                // between.
                parent.send("valid " + term + " " + from + " " + asked);
                reported = asked;
            }
            LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(now == 0 ? 1_000 : 300));
        }
    }

    /** The term of the candidate that leads, or 0. */
    private long leads() {
        if (trustsFlag) {
            return flag.get();
        }
        for (LeaderElection candidate : candidates) {
            OptionalLong term = candidate.term();
            if (term.isPresent()) {
                return term.getAsLong();
            }
        }
        return 0;
    }
}
