package io.latchkey.elections;

import io.latchkey.faults.Scene;
import io.latchkey.testkit.JavaProcess;
import io.latchkey.testkit.TcpProxy;
import io.latchkey.testkit.TestDatabase;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import org.jspecify.annotations.Nullable;

/** Processes with candidates of one election, whose leader comes to grief again and again. */
final class LeaderKills implements AutoCloseable {
    /** How a leader ends. */
    enum Kind {
        /** A clean close. */
        CLOSE,
        /** kill -9. */
        KILL,
        /** SIGSTOP, until another leads. */
        STOP,
        /** Its connections are reset, and new ones refused until another leads. */
        RESET
    }

    private record Leader(int worker, long term) {}

    private record Kill(Kind kind, long term, long at) {}

    private final TestDatabase database;
    private final int timeoutMs;
    private final String candidates;
    private final String belief;
    private final TcpProxy[] networks;
    private final JavaProcess[] workers;
    private final List<JavaProcess> all = new ArrayList<>();
    private final List<Kill> kills = new ArrayList<>();
    private final Terms terms = new Terms();
    private @Nullable Leader current;

    LeaderKills(TestDatabase database, int timeoutMs, int processes, int candidatesEach, String belief) {
        this.database = database;
        this.timeoutMs = timeoutMs;
        this.candidates = Integer.toString(candidatesEach);
        this.belief = belief;
        this.networks = new TcpProxy[processes];
        this.workers = new JavaProcess[processes];
        for (int i = 0; i < processes; i++) {
            networks[i] = TcpProxy.to(database.address());
            start(i);
        }
        for (JavaProcess worker : workers) {
            worker.expect("ready", Scene.PATIENCE);
        }
        Scene.eventually(() -> Scene.number(database.address(), "SELECT count(*) FROM latchkey.participants")
                == (long) processes * candidatesEach);
    }

    private void start(int i) {
        String url = database.address().withPort(networks[i].port()).url();
        workers[i] =
                JavaProcess.start(CandidateWorker.class, url, "w" + i, Integer.toString(timeoutMs), candidates, belief);
        all.add(workers[i]);
    }

    /** These kinds, shuffled, so many of each. */
    static List<Kind> mixture(Random random, int close, int kill, int stop, int reset) {
        List<Kind> kinds = new ArrayList<>();
        kinds.addAll(Collections.nCopies(close, Kind.CLOSE));
        kinds.addAll(Collections.nCopies(kill, Kind.KILL));
        kinds.addAll(Collections.nCopies(stop, Kind.STOP));
        kinds.addAll(Collections.nCopies(reset, Kind.RESET));
        Collections.shuffle(kinds, random);
        return kinds;
    }

    /** Does this to whoever leads, and returns when another does. */
    void strike(Kind kind) {
        Leader leader = current == null ? awaitLeaderAfter(0) : current;
        JavaProcess worker = workers[leader.worker()];
        TcpProxy network = networks[leader.worker()];
        switch (kind) {
            case CLOSE -> {
                worker.send("close");
                Matcher closing = worker.expect("^closing (?:(\\d+) (\\d+)|nothing)", Scene.PATIENCE);
                if (closing.group(1) == null) { // it lost the office by itself
                    current = awaitLeaderAfter(leader.term());
                    strike(kind);
                    return;
                }
                kills.add(new Kill(kind, Long.parseLong(closing.group(1)), Long.parseLong(closing.group(2))));
                current = awaitLeaderAfter(leader.term());
            }
            case KILL -> {
                struck(kind, leader);
                worker.kill();
                start(leader.worker());
                workers[leader.worker()].expect("ready", Scene.PATIENCE);
                current = awaitLeaderAfter(leader.term());
            }
            case STOP -> {
                struck(kind, leader);
                worker.stop();
                current = awaitLeaderAfter(leader.term());
                worker.cont();
            }
            case RESET -> {
                network.refuse();
                struck(kind, leader);
                network.reset();
                current = awaitLeaderAfter(leader.term());
                network.heal();
            }
        }
    }

    private void struck(Kind kind, Leader leader) {
        kills.add(new Kill(kind, leader.term(), System.nanoTime()));
    }

    /** Waits until the database knows of a leader, and that one knows it itself. */
    private Leader awaitLeaderAfter(long term) {
        String[] found = new String[1];
        Scene.eventually(() -> {
            found[0] = Scene.text(
                    database.address(),
                    "SELECT holder || ' ' || term FROM latchkey.leaders WHERE election = 'office' AND term > " + term);
            return !found[0].equals("none");
        });
        String[] words = found[0].split(" ");
        int worker = Integer.parseInt(words[0].substring(1));
        workers[worker].expect("^elected " + words[1] + " ", Scene.PATIENCE);
        return new Leader(worker, Long.parseLong(words[1]));
    }

    /** What all workers have said. Call it once, at the end. */
    Terms terms() throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(50); // for the last leader's looks to be told
        for (JavaProcess worker : all) {
            terms.read("process " + worker.pid(), worker.output());
        }
        return terms;
    }

    /** From the blow to the moment when the next leader was told, in ms, in rising order. */
    List<Double> latencies(Kind kind) {
        List<Double> found = new ArrayList<>();
        for (Kill kill : kills) {
            if (kill.kind() == kind) {
                terms.nextElectedAt(kill.term()).ifPresent(at -> found.add((at - kill.at()) / 1e6));
            }
        }
        Collections.sort(found);
        return found;
    }

    /** The latency that so many percent do not exceed, in ms. */
    double percentile(Kind kind, int percent) {
        List<Double> sorted = latencies(kind);
        return sorted.get((int) Math.ceil(sorted.size() * percent / 100.0) - 1);
    }

    /** The figures, for people. */
    String figures() {
        StringBuilder text = new StringBuilder();
        for (Kind kind : Kind.values()) {
            text.append(String.format(
                    Locale.ROOT,
                    "%-5s %3d times, next leader told after: median %.1f ms, 99 %% %.1f ms, longest %.1f ms%n",
                    kind,
                    latencies(kind).size(),
                    percentile(kind, 50),
                    percentile(kind, 99),
                    percentile(kind, 100)));
        }
        return text.toString();
    }

    @Override
    public void close() {
        all.forEach(JavaProcess::close);
        for (TcpProxy network : networks) {
            network.close();
        }
    }
}
