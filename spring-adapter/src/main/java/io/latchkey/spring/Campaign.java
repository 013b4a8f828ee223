package io.latchkey.spring;

import io.latchkey.CoordinationException;
import io.latchkey.DistributedLock;
import io.latchkey.Lease;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.springframework.integration.leader.Candidate;

/** A candidate from start to stop: waits for the lock, serves its term, and waits again. All callbacks run on this one thread. */
final class Campaign implements Runnable {
    private static final System.Logger LOG = System.getLogger("io.latchkey.spring");
    private static final long PAUSE_AFTER_FAILURE_MS = 1_000;

    private final DistributedLock lock;
    private final Candidate candidate;
    private final Announcer announcer;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final ReentrantLock state = new ReentrantLock();
    private boolean stopped;
    private @Nullable Thread waiting;
    private @Nullable Term term;

    Campaign(DistributedLock lock, Candidate candidate, Announcer announcer) {
        this.lock = lock;
        this.candidate = candidate;
        this.announcer = announcer;
    }

    @Override
    public void run() {
        try {
            while (waits(Thread.currentThread(), null)) {
                try {
                    Lease lease = queue();
                    if (!serve(new Term(candidate, lease), lease)) {
                        pause();
                    }
                } catch (InterruptedException e) {
                    LOG.log(Level.DEBUG, "interrupted while waiting to lead '" + candidate.getRole() + "'", e);
                } catch (CoordinationException e) {
                    LOG.log(
                            Level.WARNING,
                            "waiting to lead '" + candidate.getRole() + "' failed, to be tried again",
                            e);
                    announcer.failedToAcquire();
                    pause();
                }
            }
        } catch (IllegalStateException e) {
            LOG.log(
                    Level.INFO,
                    "the client was closed, so nobody here leads '" + candidate.getRole() + "' any more",
                    e);
        } finally {
            ended.complete(null);
        }
    }

    private Lease queue() throws InterruptedException {
        if (announcer.tellsFailures()) {
            Optional<Lease> atOnce = lock.tryAcquire();
            if (atOnce.isPresent()) {
                return atOnce.get();
            }
            announcer.failedToAcquire();
        }
        return lock.acquire();
    }

    /** False if the candidate failed. */
    private boolean serve(Term next, Lease lease) throws InterruptedException {
        try {
            if (!waits(null, next)) {
                return true;
            }
            try {
                next.serve(() -> {
                    candidate.onGranted(next);
                    announcer.granted(next);
                });
                return true;
            } catch (RuntimeException e) {
                LOG.log(
                        Level.WARNING,
                        "the candidate for '" + candidate.getRole() + "' failed, so it leads no more",
                        e);
                return false;
            } finally {
                next.end();
                revoke(next);
            }
        } finally {
            lease.release(); // after it was revoked: the next one leads when this one does not
        }
    }

    private void revoke(Term last) {
        try {
            candidate.onRevoked(last);
        } catch (RuntimeException e) {
            LOG.log(Level.WARNING, "the candidate for '" + candidate.getRole() + "' failed to be revoked", e);
        }
        announcer.revoked(last);
    }

    /** Says who is to be woken by {@link #stop}: the thread that waits, or the term. False if it was called already. */
    private boolean waits(@Nullable Thread thread, @Nullable Term next) {
        state.lock();
        try {
            waiting = thread;
            term = next;
            return !stopped;
        } finally {
            state.unlock();
        }
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE_AFTER_FAILURE_MS);
        } catch (InterruptedException e) {
            LOG.log(Level.DEBUG, "shorter, then", e);
        }
    }

    @Nullable
    Term term() {
        state.lock();
        try {
            return term;
        } finally {
            state.unlock();
        }
    }

    void stop(Runnable callback) {
        state.lock();
        try {
            stopped = true;
            if (term != null) {
                term.end();
            } else if (waiting != null) {
                waiting.interrupt();
            }
        } finally {
            state.unlock();
        }
        var unused = ended.thenRun(callback);
    }
}
