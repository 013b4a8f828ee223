package io.latchkey.chaos.worker;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.Lockable;
import io.latchkey.chaos.history.Attempt.End;
import io.latchkey.chaos.history.Mode;
import io.latchkey.chaos.history.Resource;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Takes session leases: plain locks, sides of read/write locks, permits. In every way there is, interrupts and cancels included. */
final class LockLoad extends Load {
    private final List<Resource> resources;
    private final Kind kind;
    private final Interrupter interrupter;

    /** What is taken. */
    enum Kind {
        MUTEX,
        READ_WRITE,
        SEMAPHORE
    }

    LockLoad(
            Latchkey latchkey,
            Recorder recorder,
            GuardedTable table,
            Stop stop,
            SplittableRandom random,
            Kind kind,
            List<Resource> resources,
            Interrupter interrupter) {
        super(latchkey, recorder, table, stop, random);
        this.kind = kind;
        this.resources = resources;
        this.interrupter = interrupter;
    }

    private record Wanted(Resource resource, Mode mode, int weight, Lockable lock) {}

    private Wanted choose() {
        Resource resource = resources.get(random.nextInt(resources.size()));
        return switch (kind) {
            case MUTEX -> new Wanted(resource, Mode.EXCLUSIVE, 1, latchkey.lock(resource.name()));
            case READ_WRITE -> {
                boolean reads = random.nextInt(100) < 70;
                var lock = latchkey.readWriteLock(resource.name());
                yield new Wanted(
                        resource, reads ? Mode.READ : Mode.WRITE, 1, reads ? lock.readLock() : lock.writeLock());
            }
            case SEMAPHORE -> {
                int weight = random.nextInt(1, 4);
                var semaphore = latchkey.semaphore(resource.name(), resource.permits());
                yield new Wanted(resource, Mode.PERMITS, weight, weighted(semaphore, weight));
            }
        };
    }

    @Override
    void turn() throws InterruptedException {
        Wanted wanted = choose();
        int dice = random.nextInt(100);
        if (dice < 45) {
            acquire(wanted);
        } else if (dice < 60) {
            tryAcquire(wanted);
        } else if (dice < 75) {
            tryAcquireFor(wanted);
        } else if (dice < 90) {
            acquireAsync(wanted);
        } else {
            acquireInterrupted(wanted);
        }
        pause(0, 6);
    }

    private void acquire(Wanted wanted) throws InterruptedException {
        Op op = call(wanted, true);
        try {
            use(op, wanted.lock.acquire());
        } catch (RuntimeException e) {
            op.ended(endOf(e));
            throw e;
        }
    }

    private void tryAcquire(Wanted wanted) {
        Op op = call(wanted, false);
        useIfThere(op, () -> wanted.lock.tryAcquire());
    }

    private void tryAcquireFor(Wanted wanted) throws InterruptedException {
        Duration wait = Duration.ofMillis(random.nextInt(1, 400));
        Op op = call(wanted, false);
        useIfThere(op, () -> wanted.lock.tryAcquire(wait));
    }

    private void acquireAsync(Wanted wanted) throws InterruptedException {
        boolean cancels = random.nextInt(3) == 0;
        Op op = call(wanted, !cancels);
        CompletableFuture<Lease> future = wanted.lock.acquireAsync();
        try {
            if (cancels) {
                try {
                    use(op, future.get(random.nextInt(0, 60), TimeUnit.MILLISECONDS));
                } catch (TimeoutException e) {
                    if (!future.cancel(false)) {
                        use(op, future.get());
                    } else {
                        op.ended(End.GIVEN_UP);
                    }
                }
            } else {
                use(op, future.get());
            }
        } catch (ExecutionException e) {
            RuntimeException cause =
                    e.getCause() instanceof RuntimeException known ? known : new IllegalStateException(e);
            op.ended(endOf(cause));
            throw cause;
        } catch (CancellationException e) {
            op.ended(End.GIVEN_UP);
        }
    }

    private void acquireInterrupted(Wanted wanted) {
        Op op = call(wanted, false);
        Optional<Lease> lease;
        try (Interrupter.Threat threat = interrupter.threaten(random.nextInt(0, 60))) {
            lease = Optional.of(wanted.lock.acquire());
        } catch (InterruptedException e) {
            op.ended(End.GIVEN_UP);
            return;
        } catch (RuntimeException e) {
            op.ended(endOf(e));
            throw e;
        }
        use(op, lease.get());
    }

    private interface Try {
        Optional<Lease> call() throws InterruptedException;
    }

    private void useIfThere(Op op, Try attempt) {
        Optional<Lease> lease;
        try {
            lease = attempt.call();
        } catch (RuntimeException e) {
            op.ended(endOf(e));
            throw e;
        } catch (InterruptedException e) {
            op.ended(End.GIVEN_UP);
            return;
        }
        if (lease.isPresent()) {
            use(op, lease.get());
        } else {
            op.ended(End.REFUSED);
        }
    }

    private Op call(Wanted wanted, boolean waits) {
        return recorder.call(wanted.resource, wanted.mode, wanted.weight, waits);
    }

    private void use(Op op, Lease lease) {
        Held held = Held.of(lease);
        if (op.granted(held)) {
            hold(op, held, kind == Kind.MUTEX || (kind == Kind.READ_WRITE && isWrite(op)));
        }
        op.givingBack();
        if (random.nextInt(10) == 0) {
            var unused = lease.releaseAsync().whenComplete((had, failure) -> op.givenBack());
        } else {
            lease.release();
            op.givenBack();
        }
    }

    private static boolean isWrite(Op op) {
        return op.mode() == Mode.WRITE;
    }

    /** So many permits, as something to take. */
    private static Lockable weighted(io.latchkey.DistributedSemaphore semaphore, int weight) {
        return new Lockable() {
            @Override
            public String name() {
                return semaphore.name();
            }

            @Override
            public Lease acquire() throws InterruptedException {
                return semaphore.acquire(weight);
            }

            @Override
            public Optional<Lease> tryAcquire() {
                return semaphore.tryAcquire(weight);
            }

            @Override
            public Optional<Lease> tryAcquire(Duration wait) throws InterruptedException {
                return semaphore.tryAcquire(weight, wait);
            }

            @Override
            public CompletableFuture<Lease> acquireAsync() {
                return semaphore.acquireAsync(weight);
            }

            @Override
            public boolean requestRevocation() {
                return semaphore.requestRevocation();
            }

            @Override
            public boolean requestRevocation(long fencingToken) {
                return semaphore.requestRevocation(fencingToken);
            }
        };
    }
}
