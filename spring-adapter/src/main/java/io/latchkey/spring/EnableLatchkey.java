package io.latchkey.spring;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.context.annotation.Import;

/**
 * Turns on {@link Locked} and {@link LeaderOnly}. Spring Boot does that by itself. The application has a bean of type {@link
 * io.latchkey.Latchkey}, and may have one of type {@link LockNames}.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Import(LatchkeyMethodsConfiguration.class)
public @interface EnableLatchkey {}
