package io.latchkey.spring;

import io.latchkey.DistributedLock;
import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.LeaseLostException;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.support.AopUtils;
import org.springframework.util.Assert;
import org.springframework.util.ClassUtils;

/** Takes the lock of a {@link Locked} method, runs it, and gives the lock back when what it covers has ended. */
final class LockedInterceptor implements MethodInterceptor {
    private static final boolean HAS_TRANSACTIONS = ClassUtils.isPresent(
            "org.springframework.transaction.support.TransactionSynchronizationManager",
            LockedInterceptor.class.getClassLoader());

    private final GuardedMethods methods;
    private final Supplier<Latchkey> latchkey;
    private final Supplier<LockNames> names;

    LockedInterceptor(GuardedMethods methods, Supplier<Latchkey> latchkey, Supplier<LockNames> names) {
        this.methods = methods;
        this.latchkey = latchkey;
        this.names = names;
    }

    @Override
    public @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
        Object target = invocation.getThis();
        Assert.state(target != null, "a @Locked method belongs to an object");
        Method method = AopUtils.getMostSpecificMethod(invocation.getMethod(), target.getClass());
        LockedMethod locked = methods.locked(method);
        String name = names.get().nameOf(locked.keyFor(target, invocation.getArguments()));
        Lease outer = CurrentLease.of(name);
        if (outer != null) {
            requireValid(outer);
            return invocation.proceed();
        }
        return runUnder(acquired(latchkey.get().lock(name), locked.waitFor()), invocation);
    }

    private static Lease acquired(DistributedLock lock, @Nullable Duration wait) {
        try {
            return wait == null
                    ? lock.acquire()
                    : lock.tryAcquire(wait).orElseThrow(() -> new LockNotAvailableException(lock.name(), wait, null));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LockNotAvailableException(lock.name(), null, e);
        }
    }

    private static @Nullable Object runUnder(Lease lease, MethodInvocation invocation) throws Throwable {
        if (HAS_TRANSACTIONS && LeaseOfTransaction.begin(lease)) {
            return invocation.proceed();
        }
        CurrentLease.enter(lease);
        Object result;
        try {
            result = invocation.proceed();
        } catch (Throwable e) {
            lease.release();
            throw e;
        } finally {
            CurrentLease.leave(lease);
        }
        if (result instanceof CompletionStage<?> stage) {
            return stage.whenComplete((value, failure) -> {
                if (!lease.release() && failure == null) {
                    throw lost(lease);
                }
            });
        }
        if (!lease.release()) {
            throw lost(lease);
        }
        return result;
    }

    static void requireValid(Lease lease) {
        if (!lease.isValid()) {
            throw lost(lease);
        }
    }

    private static LeaseLostException lost(Lease lease) {
        return new LeaseLostException(lease.lock(), lease.fencingToken(), null, null);
    }
}
