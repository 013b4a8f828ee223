package io.latchkey.spring;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Runs a method only where this application leads a role; elsewhere a call does nothing. For {@code @Scheduled} methods that one
 * of several instances is to run. An application stands for the role from its start to its end, and gives it up when its last
 * such method that runs has returned; the next instance then leads within a millisecond.
 *
 * <pre>{@code
 * @Scheduled(fixedDelayString = "1m")
 * @LeaderOnly("billing")
 * public void bill() { ... }
 * }</pre>
 *
 * <p>The leadership may be lost while the method runs: {@link CurrentLease} tells, and fences what is written. The method returns
 * {@code void}. What {@link Locked} says about proxies holds here too. A {@link LatchkeyLeaderInitiator} of the same
 * role is a candidate of the same election.
 */
@Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface LeaderOnly {
    /** The role. Placeholders are resolved. */
    String value();
}
