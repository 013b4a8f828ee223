package io.latchkey.chaos;

import io.latchkey.chaos.check.Residue;
import io.latchkey.chaos.faults.Cluster;
import io.latchkey.chaos.faults.WorkerProcess;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The end of a run: the load ends, the clients stay and then go, and each time it is counted what is left. */
final class Quiet {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final Map<String, String> WHILE_CONNECTED = new TreeMap<>(Map.of(
            "locks that somebody has", "SELECT count(*) FROM latchkey.locks",
            "rows in queues", "SELECT count(*) FROM latchkey._waiter",
            "shares", "SELECT count(*) FROM latchkey._shares",
            "candidates", "SELECT count(*) FROM latchkey._candidate",
            "watches", "SELECT count(*) FROM latchkey._watch"));

    private final Cluster cluster;
    private final List<WorkerProcess> workers;
    private final ChaosOptions options;

    Quiet(Cluster cluster, List<WorkerProcess> workers, ChaosOptions options) {
        this.cluster = cluster;
        this.workers = workers;
        this.options = options;
    }

    List<Residue> residues() throws SQLException, InterruptedException {
        List<Residue> residues = new ArrayList<>();
        workers.forEach(worker -> worker.process().send("stop"));
        long stopped = 0;
        for (WorkerProcess worker : workers) {
            stopped += says(worker, "^stopped$") ? 1 : 0;
        }
        residues.add(new Residue("workers whose calls came to an end", stopped, workers.size()));
        if (stopped == workers.size()) {
            for (Map.Entry<String, String> look : WHILE_CONNECTED.entrySet()) {
                residues.add(new Residue(look.getKey() + " after the load", settled(look.getValue(), 0), 0));
            }
            residues.add(new Residue(
                    "sessions of the workers after the load",
                    settled("SELECT count(*) FROM latchkey._session", workers.size()),
                    workers.size()));
            workers.forEach(worker -> worker.process().send("close"));
            for (WorkerProcess worker : workers) {
                boolean closed = says(worker, "^closed 0$");
                residues.add(new Residue("threads of worker " + worker.number() + " after close", closed ? 0 : 1, 0));
            }
            residues.add(new Residue("sessions after close", settled("SELECT count(*) FROM latchkey._session", 0), 0));
            cluster.endPooler(); // it keeps connections for the next client
            residues.add(new Residue(
                    "connections after close",
                    settled(
                            "SELECT count(*) FROM pg_stat_activity WHERE usename = '"
                                    + cluster.role().name() + "'",
                            0),
                    0));
        }
        return residues;
    }

    private static boolean says(WorkerProcess worker, String line) {
        try {
            worker.process().expect(line, PATIENCE);
            return true;
        } catch (AssertionError e) {
            return false;
        }
    }

    /** The number, as soon as it is what it should be, or when patience ends. */
    private long settled(String sql, long expected) throws SQLException, InterruptedException {
        long deadline = System.nanoTime()
                + options.sessionTimeout().multipliedBy(4).plusSeconds(20).toNanos();
        long number = cluster.number(sql);
        while (number != expected && System.nanoTime() - deadline < 0) {
            Thread.sleep(100);
            number = cluster.number(sql);
        }
        return number;
    }
}
