package io.latchkey.curator.framework.recipes.locks;

import io.latchkey.Contender;
import io.latchkey.Latchkey;
import io.latchkey.curator.framework.CuratorFramework;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * So many permits at a path, for all processes; fair. How many there are the database remembers from the first use on; {@link
 * #setMaxLeases} changes it. Thread-safe.
 */
public class InterProcessSemaphoreV2 {
    private static final System.Logger LOG = System.getLogger("io.latchkey.curator");

    private final CuratorFramework client;
    private final String leasesPath;
    private final Taker permits;
    /** Who takes several permits takes them alone: two with half of what they need would wait for each other for ever. */
    private final Taker several;

    private volatile int maxLeases;
    private volatile byte @Nullable [] nodeData;

    /**
     * Creates one. Does not talk to the database.
     *
     * @param client the client
     * @param path the path of the semaphore
     * @param maxLeases how many permits there are, if nobody has used it before
     * @throws IllegalArgumentException if it is no path
     */
    public InterProcessSemaphoreV2(CuratorFramework client, String path, int maxLeases) {
        this.client = client;
        this.leasesPath = below(path, "leases");
        this.maxLeases = maxLeases;
        String permit = client.lockName(leasesPath);
        String alone = client.lockName(below(path, "locks"));
        this.permits = new Taker(client, latchkey -> latchkey.semaphore(permit, this.maxLeases));
        this.several = new Taker(client, latchkey -> latchkey.lock(alone));
    }

    /** As Curator names the nodes. */
    static String below(String path, String name) {
        return io.latchkey.curator.internal.Paths.checked(path).equals("/") ? path + name : path + "/" + name;
    }

    /**
     * Sets what {@link Lease#getData()} returns of leases acquired from now on.
     *
     * @param nodeData null: the client's public name
     */
    public void setNodeData(byte @Nullable [] nodeData) {
        this.nodeData = nodeData == null ? null : nodeData.clone();
    }

    /**
     * Changes how many permits there are, for all clients and for good. Fewer take effect as permits are given back.
     *
     * @param maxLeases 1 or more
     * @throws InterruptedException if interrupted while waiting for the database
     */
    public void setMaxLeases(int maxLeases) throws InterruptedException {
        String name = client.lockName(leasesPath);
        var unused = client.retrying(latchkey -> {
            latchkey.semaphore(name, maxLeases).setPermits(maxLeases);
            return true;
        });
        this.maxLeases = maxLeases;
    }

    /** Asks the database for the names of all permits that are held. */
    public Collection<String> getParticipantNodes() throws Exception {
        return Nodes.of(client, leasesPath, Permit.PREFIX, Contender::isHolder).stream()
                .map(node -> node.substring(leasesPath.length() + 1))
                .toList();
    }

    /**
     * Closes them all.
     *
     * @param leases what was acquired
     */
    public void returnAll(Collection<Lease> leases) {
        leases.forEach(this::returnLease);
    }

    /**
     * Closes it.
     *
     * @param lease what was acquired
     */
    public void returnLease(Lease lease) {
        try {
            lease.close();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "a lease could not be closed", e);
        }
    }

    /**
     * Waits for a permit.
     *
     * @throws io.latchkey.curator.framework.api.CuratorClosedException if the client is closed meanwhile
     * @throws InterruptedException if interrupted; nothing is left behind
     */
    public Lease acquire() throws Exception {
        return permit(permits.take());
    }

    /**
     * Waits for several permits.
     *
     * @param qty how many
     * @throws IllegalArgumentException if that is not more than zero
     * @throws io.latchkey.CoordinationException if there are not as many
     */
    public Collection<Lease> acquire(int qty) throws Exception {
        return Optional.ofNullable(acquire(qty, 0, null)).orElseThrow();
    }

    /**
     * Waits for a permit for a limited time.
     *
     * @param time how long at most; zero or less: do not wait
     * @param unit of time; null: without a limit
     * @return null if the time was too short
     */
    public @Nullable Lease acquire(long time, @Nullable TimeUnit unit) throws Exception {
        return permits.take(time, unit).map(this::permit).orElse(null);
    }

    /**
     * Waits for several permits for a limited time.
     *
     * @param qty how many
     * @param time how long at most; zero or less: do not wait
     * @param unit of time; null: without a limit
     * @return null if the time was too short
     * @throws IllegalArgumentException if that is not more than zero permits
     * @throws io.latchkey.CoordinationException if there are not as many
     */
    public @Nullable Collection<Lease> acquire(int qty, long time, @Nullable TimeUnit unit) throws Exception {
        if (qty <= 0) {
            throw new IllegalArgumentException("qty is more than 0, not " + qty + ": " + leasesPath);
        } else if (qty == 1) {
            Lease one = acquire(time, unit);
            return one == null ? null : List.of(one);
        }
        requireAsMany(qty);
        long startedAt = System.nanoTime();
        Optional<io.latchkey.Lease> alone = several.take(time, unit);
        if (alone.isEmpty()) {
            return null;
        }
        try (io.latchkey.Lease unused = alone.get()) {
            return take(qty, unit == null ? 0 : unit.toNanos(time) - (System.nanoTime() - startedAt), unit);
        }
    }

    private void requireAsMany(int qty) throws InterruptedException {
        String name = client.lockName(leasesPath);
        int there = client.retrying(
                (Latchkey latchkey) -> latchkey.semaphore(name, maxLeases).permits());
        if (qty > there) {
            throw new io.latchkey.CoordinationException(
                    qty + " permits are more than there are (" + there + "): " + leasesPath, name, null, null);
        }
    }

    private @Nullable Collection<Lease> take(int qty, long nanos, @Nullable TimeUnit limited)
            throws InterruptedException {
        long startedAt = System.nanoTime();
        List<Lease> taken = new ArrayList<>();
        try {
            while (taken.size() < qty) {
                Optional<Lease> next = (limited == null
                                ? Optional.of(permits.take())
                                : permits.take(nanos - (System.nanoTime() - startedAt), TimeUnit.NANOSECONDS))
                        .map(this::permit);
                if (next.isEmpty()) {
                    return null;
                }
                taken.add(next.get());
            }
            List<Lease> all = List.copyOf(taken);
            taken.clear();
            return all;
        } finally {
            returnAll(taken);
        }
    }

    private Lease permit(io.latchkey.Lease lease) {
        byte[] data = nodeData;
        return new Permit(lease, data == null ? holder() : data);
    }

    private byte[] holder() {
        try {
            return client.latchkey().holder().getBytes(StandardCharsets.UTF_8);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new byte[0];
        }
    }

    @Override
    public String toString() {
        return "InterProcessSemaphoreV2[" + leasesPath + "]";
    }
}
