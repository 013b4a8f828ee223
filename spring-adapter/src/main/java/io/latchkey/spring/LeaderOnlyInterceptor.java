package io.latchkey.spring;

import io.latchkey.Lease;
import java.lang.reflect.Method;
import java.util.function.Supplier;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.support.AopUtils;
import org.springframework.util.Assert;

/** Lets a {@link LeaderOnly} method run where this application leads. */
final class LeaderOnlyInterceptor implements MethodInterceptor {
    private final GuardedMethods methods;
    private final Supplier<Offices> offices;

    LeaderOnlyInterceptor(GuardedMethods methods, Supplier<Offices> offices) {
        this.methods = methods;
        this.offices = offices;
    }

    @Override
    public @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
        Object target = invocation.getThis();
        Assert.state(target != null, "a @LeaderOnly method belongs to an object");
        Method method = AopUtils.getMostSpecificMethod(invocation.getMethod(), target.getClass());
        Office office = offices.get().of(methods.role(method));
        Lease lease = office == null ? null : office.enter();
        if (office == null || lease == null) {
            return null;
        }
        CurrentLease.enter(lease);
        try {
            return invocation.proceed();
        } finally {
            CurrentLease.leave(lease);
            office.leave();
        }
    }
}
