package io.latchkey.spring;

import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.core.KotlinDetector;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.ReactiveAdapterRegistry;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.core.annotation.AnnotationUtils;
import org.springframework.util.Assert;

/**
 * Reads {@link Locked} and {@link LeaderOnly}, and refuses at startup what a proxy cannot guard: Spring itself passes over such a
 * method in silence, and it would run without its lock.
 */
final class GuardedMethods implements BeanPostProcessor, AopInfrastructureBean {
    private final ConfigurableBeanFactory beans;
    private final Map<Method, LockedMethod> locked = new ConcurrentHashMap<>();
    private final Map<Method, String> roles = new ConcurrentHashMap<>();
    private final Set<Class<?>> checked = ConcurrentHashMap.newKeySet();

    GuardedMethods(ConfigurableBeanFactory beans) {
        this.beans = beans;
    }

    static String nameOf(Method method) {
        return method.getDeclaringClass().getSimpleName() + "." + method.getName()
                + Arrays.stream(method.getParameterTypes())
                        .map(Class::getSimpleName)
                        .collect(Collectors.joining(", ", "(", ")"));
    }

    LockedMethod locked(Method method) {
        return locked.computeIfAbsent(method, each -> {
            Locked annotation = AnnotatedElementUtils.findMergedAnnotation(each, Locked.class);
            Assert.state(annotation != null, () -> nameOf(each) + " is not @Locked");
            return LockedMethod.of(each, annotation, beans);
        });
    }

    String role(Method method) {
        return roles.computeIfAbsent(method, each -> {
            LeaderOnly annotation = AnnotatedElementUtils.findMergedAnnotation(each, LeaderOnly.class);
            String role = annotation == null ? null : beans.resolveEmbeddedValue(annotation.value());
            Assert.state(role != null && !role.isBlank(), () -> "@LeaderOnly of " + nameOf(each) + " has no role");
            return role;
        });
    }

    @Override
    public Object postProcessBeforeInitialization(Object bean, String beanName) {
        Class<?> type = AopUtils.getTargetClass(bean);
        if (AnnotationUtils.isCandidateClass(type, List.of(Locked.class, LeaderOnly.class)) && checked.add(type)) {
            select(type, Locked.class).forEach(method -> {
                check(method, type, "@Locked");
                checkResult(method);
                locked(method);
            });
            select(type, LeaderOnly.class).forEach(method -> {
                check(method, type, "@LeaderOnly");
                refuseIf(
                        method.getReturnType() != void.class,
                        "@LeaderOnly",
                        method,
                        "it returns something, and there is nothing to return where this application does not lead");
                beans.getBean(Offices.class).stand(role(method));
            });
        }
        return bean;
    }

    private static Set<Method> select(Class<?> type, Class<? extends Annotation> annotation) {
        return MethodIntrospector.selectMethods(
                type, (Method method) -> AnnotatedElementUtils.hasAnnotation(method, annotation));
    }

    private static void check(Method method, Class<?> type, String annotation) {
        int modifiers = method.getModifiers();
        refuseIf(
                Modifier.isStatic(modifiers),
                annotation,
                method,
                "it is static, and a proxy sees calls of objects only");
        refuseIf(
                Modifier.isPrivate(modifiers),
                annotation,
                method,
                "it is private, and a proxy cannot see its calls; make it public");
        refuseIf(Modifier.isFinal(modifiers), annotation, method, "it is final, and a proxy cannot override it");
        refuseIf(
                Modifier.isFinal(type.getModifiers()) && type.getInterfaces().length == 0,
                annotation,
                method,
                "its class is final, and a proxy cannot extend it");
    }

    private static void checkResult(Method method) {
        Class<?> result = method.getReturnType();
        boolean completes = CompletionStage.class.isAssignableFrom(result);
        boolean later = Future.class.isAssignableFrom(result)
                || ReactiveAdapterRegistry.getSharedInstance().getAdapter(result) != null
                || KotlinDetector.isSuspendingFunction(method);
        refuseIf(
                later && !completes,
                "@Locked",
                method,
                "it returns before its work is done, and only a CompletionStage tells when that is");
    }

    private static void refuseIf(boolean wrong, String annotation, Method method, @Nullable String why) {
        if (wrong) {
            throw new IllegalStateException(annotation + " cannot guard " + nameOf(method) + ": " + why);
        }
    }
}
