package io.latchkey.spring;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Runs a method under a lock. The lock is taken before a transaction of the same method begins and given back after it has ended,
 * so it covers the commit. If the caller has a transaction already, it is given back after that one has ended, and the
 * transaction does not commit if the lock is lost by then.
 *
 * <pre>{@code
 * @Locked(name = "'order:' + #order.id", waitFor = "2s")
 * @Transactional
 * public void ship(Order order) { ... }
 * }</pre>
 *
 * <p>A thread that is in a method under this lock enters others under the same lock at once. A method that returns a
 * {@link java.util.concurrent.CompletionStage} keeps the lock until that is complete. If the lock is lost meanwhile, the call
 * throws {@link io.latchkey.LeaseLostException} after the method has returned; {@link CurrentLease} tells the method itself.
 *
 * <p>It works through Spring's proxies: not for private, static and final methods, which are refused at startup, and not for
 * calls within an object, which nobody sees.
 */
@Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface Locked {
    /**
     * The key of the lock, as a SpEL expression: a fixed one is {@code "'billing'"}. Parameters are {@code #name} or {@code #p0},
     * beans {@code @name}, the object itself the root. {@link LockNames} makes the name of it. Placeholders are resolved.
     */
    String name();

    /**
     * How long to wait for the lock, such as {@code "2s"} or {@code "0"}; then the call throws {@link
     * LockNotAvailableException}. Default: as long as it takes. Placeholders are resolved.
     */
    String waitFor() default "";
}
