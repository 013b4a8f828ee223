package io.latchkey.spring;

import java.lang.reflect.Method;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.context.expression.BeanFactoryResolver;
import org.springframework.context.expression.MethodBasedEvaluationContext;
import org.springframework.core.DefaultParameterNameDiscoverer;
import org.springframework.core.ParameterNameDiscoverer;
import org.springframework.expression.EvaluationException;
import org.springframework.expression.Expression;
import org.springframework.expression.ParseException;
import org.springframework.expression.spel.standard.SpelExpressionParser;
import org.springframework.format.datetime.standard.DurationFormatterUtils;

/**
 * What {@link Locked} says about one method, read once.
 *
 * @param waitFor null: as long as it takes
 */
record LockedMethod(Method method, Expression key, @Nullable Duration waitFor, ConfigurableBeanFactory beans) {
    private static final SpelExpressionParser PARSER = new SpelExpressionParser();
    private static final ParameterNameDiscoverer PARAMETERS = new DefaultParameterNameDiscoverer();

    /** Reads it, or says what is wrong with it. */
    static LockedMethod of(Method method, Locked locked, ConfigurableBeanFactory beans) {
        String name = resolved(locked.name(), beans);
        String wait = resolved(locked.waitFor(), beans);
        Expression key;
        try {
            key = PARSER.parseExpression(name);
        } catch (ParseException | IllegalStateException e) {
            throw new IllegalStateException(wrong(method, name) + " is no SpEL expression: " + e.getMessage(), e);
        }
        try {
            return new LockedMethod(method, key, wait.isEmpty() ? null : parsed(wait), beans);
        } catch (IllegalArgumentException e) {
            throw new IllegalStateException(
                    "@Locked(waitFor = \"" + wait + "\") of " + GuardedMethods.nameOf(method)
                            + " is no time, such as \"2s\" or \"500ms\"",
                    e);
        }
    }

    private static Duration parsed(String wait) {
        return wait.equals("0") ? Duration.ZERO : DurationFormatterUtils.detectAndParse(wait);
    }

    private static String resolved(String text, ConfigurableBeanFactory beans) {
        String resolved = beans.resolveEmbeddedValue(text);
        return resolved == null ? "" : resolved;
    }

    private static String wrong(Method method, String name) {
        return "@Locked(name = \"" + name + "\") of " + GuardedMethods.nameOf(method);
    }

    /** The key for these arguments. */
    Object keyFor(Object target, Object[] arguments) {
        MethodBasedEvaluationContext context = new MethodBasedEvaluationContext(target, method, arguments, PARAMETERS);
        context.setBeanResolver(new BeanFactoryResolver(beans));
        Object value;
        try {
            value = key.getValue(context);
        } catch (EvaluationException e) {
            throw new IllegalStateException(
                    wrong(method, key.getExpressionString()) + " cannot be evaluated: " + e.getMessage()
                            + ". A fixed name stands in quotes of its own, as in \"'billing'\"; a parameter needs javac -parameters, or is #p0",
                    e);
        }
        if (value == null) {
            throw new IllegalStateException(wrong(method, key.getExpressionString()) + " is null");
        }
        return value;
    }
}
