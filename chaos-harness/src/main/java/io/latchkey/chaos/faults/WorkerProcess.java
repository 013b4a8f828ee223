package io.latchkey.chaos.faults;

import io.latchkey.Durability;
import io.latchkey.chaos.history.HistoryReader;
import io.latchkey.chaos.worker.WorkerMain;
import io.latchkey.testkit.FakeClock;
import io.latchkey.testkit.JavaProcess;
import io.latchkey.testkit.NetworkNamespace;
import io.latchkey.testkit.TcpProxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** A worker, over all processes that it has been. For one thread. */
public final class WorkerProcess implements AutoCloseable {
    private static final Duration START = Duration.ofSeconds(60);

    private final int number;
    private final Settings settings;
    private final Cluster cluster;
    private final HistoryReader reader;
    private final SplittableRandom seeds;
    private final List<TcpProxy> proxies;
    private final String address;
    private int incarnation;
    private JavaProcess process;
    private Path file;
    private int linesSeen;

    /**
     * What all workers have in common.
     *
     * @param directory where their files go
     * @param sessionTimeout the timeout of their sessions
     * @param durability whether their commits wait for the disk
     * @param classPath what stands on their class path before everything else, or an empty string
     */
    public record Settings(Path directory, Duration sessionTimeout, Durability durability, String classPath) {}

    /** Starts the first one, and does not wait for it. */
    public WorkerProcess(int number, Settings settings, Cluster cluster, HistoryReader reader, SplittableRandom seeds) {
        this.number = number;
        this.settings = settings;
        this.cluster = cluster;
        this.reader = reader;
        this.seeds = seeds;
        this.proxies = cluster.proxies();
        Pooler pooler = number == Pooler.POOLED ? cluster.pooler() : null;
        if (pooler != null) {
            proxies.add(TcpProxy.to("127.0.0.1", pooler.pgBouncer().port()));
        }
        NetworkNamespace network = cluster.surroundings().network();
        this.address = network == null ? "127.0.0.1" : network.newClient();
        proxies.subList(0, Cluster.PLACES).forEach(proxy -> proxy.from(address));
        this.file = nextFile();
        this.process = start();
    }

    private Path nextFile() {
        return settings.directory().resolve("worker-" + number + "-" + ++incarnation + ".events");
    }

    private JavaProcess start() {
        String label = "w" + number + (incarnation == 1 ? "" : "#" + incarnation);
        reader.add(label, file);
        return JavaProcess.start(
                WorkerMain.class,
                List.of("-Xmx256m", "-Xss512k"),
                environment(),
                Integer.toString(number),
                Long.toString(settings.sessionTimeout().toMillis()),
                file.toString(),
                Long.toString(seeds.nextLong()),
                settings.durability().name());
    }

    private Map<String, String> environment() {
        Map<String, String> all = new HashMap<>();
        String url = cluster.url(proxies);
        all.put(WorkerMain.URL, url);
        // A transaction whose client has vanished must not keep its lock for ever.
        all.put(
                WorkerMain.TABLE_URL,
                url + "&connectTimeout=2&socketTimeout=4"
                        + "&options=-c%20idle_in_transaction_session_timeout=3000%20-c%20application_name=guarded");
        if (isPooled()) {
            all.put(WorkerMain.URL, cluster.pooledUrl(proxies.get(Cluster.PLACES)));
            if (seeds.nextBoolean()) { // else it has to find out that it must poll
                all.put(WorkerMain.LISTENER_URL, url);
            }
        }
        String own = System.getProperty("java.class.path");
        all.put("CLASSPATH", settings.classPath().isEmpty() ? own : settings.classPath() + ":" + own);
        FakeClock clock = cluster.surroundings().workerClock();
        if (clock != null && number == ClockFaults.CLOCKED) {
            all.putAll(clock.environment());
        }
        return all;
    }

    private boolean isPooled() {
        return proxies.size() > Cluster.PLACES;
    }

    /** From 1. */
    public int number() {
        return number;
    }

    /** Where its packets come from, as the server sees it. */
    String address() {
        return address;
    }

    /** Its way to each place where a server can be, and to the pooler if it has one. */
    public List<TcpProxy> proxies() {
        return proxies;
    }

    /** The process that it is now. */
    public JavaProcess process() {
        return process;
    }

    /** Waits until its load has begun. */
    public void awaitReady() {
        process.expect("^ready$", START);
    }

    /** kill -9. */
    void kill() {
        process.kill();
        reader.ended(file, System.nanoTime());
        process.close();
    }

    /** A new process in place of one that was killed; does not wait for it. */
    void startAgain() {
        file = nextFile();
        linesSeen = 0;
        process = start();
    }

    /** What it did not expect, as far as it was not returned before. */
    public List<String> surprises() {
        List<String> lines = process.output();
        List<String> fresh = lines.subList(linesSeen, lines.size());
        linesSeen = lines.size();
        return fresh.stream()
                .filter(line -> line.startsWith("surprise ") || line.startsWith("Exception in thread"))
                .map(line -> "worker " + number + ": " + line)
                .toList();
    }

    /** Its process has ended in peace. */
    public void ended() {
        reader.ended(file, System.nanoTime());
    }

    @Override
    public void close() {
        process.close();
        proxies.forEach(TcpProxy::close);
    }
}
