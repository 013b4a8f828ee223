package io.latchkey.chaos.worker;

import io.latchkey.CoordinationException;
import io.latchkey.Durability;
import io.latchkey.Latchkey;
import io.latchkey.LatchkeyBuilder;
import io.latchkey.SchemaMode;
import io.latchkey.chaos.history.EventFile;
import io.latchkey.chaos.history.Resource;
import io.latchkey.testkit.ParentChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;

/**
 * A process under load. Arguments: its number, the session timeout in ms, its file, a seed, its durability. Environment: {@link #URL}, {@link
 * #LISTENER_URL}, {@link #TABLE_URL}. Lines it understands: {@code stop} (ends the load, and stays connected), {@code close} (closes the client), {@code gc
 * MS} (collects garbage for so long), {@code clock MS} (steps the clock of a client that was patched to have one). Lines it says: {@code ready}, {@code stopped}, {@code closed THREADS}, {@code surprise ...}.
 */
public final class WorkerMain {
    /** The variable with the client's URL. */
    public static final String URL = "LATCHKEY_CHAOS_URL";

    /** The variable with the URL of the connection that listens, if it has one of its own. */
    public static final String LISTENER_URL = "LATCHKEY_CHAOS_LISTENER_URL";

    /** The variable with the URL for guarded writes. */
    public static final String TABLE_URL = "LATCHKEY_CHAOS_TABLE_URL";

    private static final int OWN_THREADS = 2;

    private final ParentChannel parent;
    private final int number;
    private final Latchkey latchkey;
    private final Recorder recorder;
    private final SplittableRandom random;
    private final Interrupter interrupter = new Interrupter();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean stopping;

    private WorkerMain(ParentChannel parent, String[] args) throws InterruptedException {
        this.parent = parent;
        this.number = Integer.parseInt(args[0]);
        this.recorder = new Recorder(new EventFile(Path.of(args[2])));
        this.random = new SplittableRandom(Long.parseLong(args[3]));
        this.latchkey = connected(args);
    }

    /** The nemesis may be at work already, so it tries again. */
    private Latchkey connected(String[] args) throws InterruptedException {
        LatchkeyBuilder builder = Latchkey.builder(System.getenv(URL))
                .holder("worker " + number)
                .sessionTimeout(Duration.ofMillis(Long.parseLong(args[1])))
                .schema(SchemaMode.CHECK)
                .durability(Durability.valueOf(args[4]))
                .events(recorder);
        String listenerUrl = System.getenv(LISTENER_URL);
        if (listenerUrl != null) {
            builder.listenerUrl(listenerUrl);
        }
        while (true) {
            try {
                return builder.connect();
            } catch (CoordinationException e) {
                parent.send("cannot connect: " + e.getMessage());
                Thread.sleep(200);
            }
        }
    }

    /** Runs until the parent closes the pipe. */
    public static void main(String[] args) throws InterruptedException {
        ParentChannel parent = ParentChannel.open();
        WorkerMain worker = new WorkerMain(parent, args);
        worker.startLoad();
        parent.send("ready");
        while (true) {
            String[] words = parent.receive().split(" ");
            switch (words[0]) {
                case "stop" -> worker.stopLoad();
                case "close" -> worker.close();
                case "gc" -> Garbage.collectFor(Duration.ofMillis(Long.parseLong(words[1])));
                case "clock" -> System.setProperty("latchkey.chaos.clock", words[1]);
                default -> parent.send("what is " + words[0] + "?");
            }
        }
    }

    private void startLoad() {
        for (int i = 0; i < 3; i++) {
            start("mutex", common -> common.lock(LockLoad.Kind.MUTEX, Resource.MUTEXES));
        }
        for (int i = 0; i < 2; i++) {
            start("read-write", common -> common.lock(LockLoad.Kind.READ_WRITE, Resource.READ_WRITE));
            start("permits", common -> common.lock(LockLoad.Kind.SEMAPHORE, Resource.SEMAPHORES));
            start(
                    "vault",
                    common -> new VaultLoad(
                            latchkey, recorder, common.table, common.stop, common.random, Resource.VAULTS));
        }
        start(
                "timed",
                common -> new TimedLoad(latchkey, recorder, common.table, common.stop, common.random, Resource.TIMED));
        start(
                "leader",
                common -> new LeaderLoad(
                        latchkey, recorder, common.table, common.stop, common.random, Resource.ELECTIONS.get(0)));
        start("relay", common -> new RelayLoad(latchkey, recorder, common.table, common.stop, common.random));
        for (int i = 0; i < OWN_THREADS; i++) {
            Resource own = Resource.own(number, i);
            start("own", common -> new OwnLoad(latchkey, recorder, common.table, common.stop, common.random, own));
        }
    }

    /** What each load needs. */
    private final class Common {
        private final GuardedTable table = new GuardedTable(System.getenv(TABLE_URL));
        private final SplittableRandom random = WorkerMain.this.random.split();
        private final Load.Stop stop = new Load.Stop() {
            @Override
            public boolean isAsked() {
                return stopping;
            }

            @Override
            public void surprise(String what) {
                parent.send("surprise " + what.replace('\n', ' '));
            }
        };

        private Load lock(LockLoad.Kind kind, List<Resource> resources) {
            return new LockLoad(latchkey, recorder, table, stop, random, kind, resources, interrupter);
        }
    }

    private void start(String name, Function<Common, Load> load) {
        Thread thread = new Thread(load.apply(new Common()), "load-" + name + "-" + threads.size());
        threads.add(thread);
        thread.start();
    }

    /** Ends the load: whoever waits goes on waiting until it is granted, as everybody gives back. */
    private void stopLoad() throws InterruptedException {
        stopping = true;
        for (Thread thread : threads) {
            thread.join();
        }
        parent.send("stopped");
    }

    private void close() throws InterruptedException {
        latchkey.close();
        long deadline = System.nanoTime() + Duration.ofSeconds(15).toNanos();
        while (ownThreads() > 0 && System.nanoTime() - deadline < 0) {
            Thread.sleep(50);
        }
        parent.send("closed " + ownThreads());
    }

    private static long ownThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("latchkey-"))
                .count();
    }
}
