package io.latchkey.curator;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.curator.framework.CuratorFramework;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every public constructor and method of the classes of Apache Curator that exist here is here too: the same parameters, the same
 * result, the same declared exceptions (a {@code catch} of another would not compile). {@link LeftOut} has what is not, with
 * reasons.
 */
final class ApiParityTest {
    private static final String THEIRS = "org.apache.curator.";
    private static final String OURS = "io.latchkey.curator.";

    /** What is here, by its name below {@code org.apache.curator}. */
    static Stream<String> classes() {
        return Stream.of(
                "RetryPolicy",
                "RetrySleeper",
                "retry.BoundedExponentialBackoffRetry",
                "retry.ExponentialBackoffRetry",
                "retry.RetryForever",
                "retry.RetryNTimes",
                "retry.RetryOneTime",
                "retry.RetryUntilElapsed",
                "framework.CuratorFramework",
                "framework.CuratorFrameworkFactory",
                "framework.CuratorFrameworkFactory$Builder",
                "framework.api.CuratorClosedException",
                "framework.imps.CuratorFrameworkState",
                "framework.listen.Listenable",
                "framework.state.ConnectionState",
                "framework.state.ConnectionStateErrorPolicy",
                "framework.state.ConnectionStateListener",
                "framework.state.SessionConnectionStateErrorPolicy",
                "framework.state.StandardConnectionStateErrorPolicy",
                "framework.recipes.leader.CancelLeadershipException",
                "framework.recipes.leader.LeaderLatch",
                "framework.recipes.leader.LeaderLatch$CloseMode",
                "framework.recipes.leader.LeaderLatch$State",
                "framework.recipes.leader.LeaderLatchListener",
                "framework.recipes.leader.LeaderSelector",
                "framework.recipes.leader.LeaderSelectorListener",
                "framework.recipes.leader.LeaderSelectorListenerAdapter",
                "framework.recipes.leader.Participant",
                "framework.recipes.locks.InterProcessLock",
                "framework.recipes.locks.InterProcessMultiLock",
                "framework.recipes.locks.InterProcessMutex",
                "framework.recipes.locks.InterProcessReadWriteLock",
                "framework.recipes.locks.InterProcessReadWriteLock$ReadLock",
                "framework.recipes.locks.InterProcessReadWriteLock$WriteLock",
                "framework.recipes.locks.InterProcessSemaphoreMutex",
                "framework.recipes.locks.InterProcessSemaphoreV2",
                "framework.recipes.locks.Lease",
                "framework.recipes.locks.Locker",
                "framework.recipes.locks.Revocable",
                "framework.recipes.locks.RevocationListener",
                "framework.recipes.locks.Revoker");
    }

    @ParameterizedTest
    @MethodSource("classes")
    void everyConstructorAndMethod_isHere(String name) throws ClassNotFoundException {
        assertThat(missing(name)).containsExactlyInAnyOrderElementsOf(LeftOut.of(name));
    }

    @ParameterizedTest
    @MethodSource("classes")
    void everySupertype_isHere(String name) throws ClassNotFoundException {
        Class<?> ours = Class.forName(OURS + name);
        for (Class<?> type : supertypes(Class.forName(THEIRS + name))) {
            if (Modifier.isPublic(type.getModifiers())) {
                assertThat(Class.forName(mapped(type.getName()))).isAssignableFrom(ours);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("classes")
    void everyEnumConstant_isHere(String name) throws ClassNotFoundException {
        assertThat(constants(OURS + name)).isEqualTo(constants(THEIRS + name));
    }

    /** The list itself: what stands in it for a class that is not compared would never be looked at. */
    @Test
    void everyExemption_isOfAComparedClass() {
        assertThat(classes().toList()).containsAll(LeftOut.classes());
    }

    /** The negative control: what is not here is found. */
    @Test
    void aMethodThatIsNotHere_isFound() throws ClassNotFoundException {
        assertThat(missing("framework.CuratorFramework")).contains("create()");
        assertThat(CuratorFramework.class.getMethods()).isNotEmpty();
    }

    private static Set<String> missing(String name) throws ClassNotFoundException {
        Set<String> ours = signatures(Class.forName(OURS + name));
        Set<String> missing = new TreeSet<>();
        for (Executable each : executables(Class.forName(THEIRS + name))) {
            if (!ours.contains(mapped(signature(each)))) {
                missing.add(shortened(each));
            }
        }
        return missing;
    }

    private static Set<String> signatures(Class<?> type) {
        return executables(type).stream().map(ApiParityTest::signature).collect(Collectors.toSet());
    }

    private static List<Executable> executables(Class<?> type) {
        List<Executable> all = new ArrayList<>(List.of(type.getConstructors()));
        for (Method method : type.getMethods()) {
            if (method.getDeclaringClass().getName().startsWith(THEIRS)
                    || method.getDeclaringClass().getName().startsWith(OURS)) {
                if (!method.isSynthetic()) {
                    all.add(method);
                }
            }
        }
        return all;
    }

    private static String signature(Executable executable) {
        String result =
                executable instanceof Method method ? method.getReturnType().getName() + " " + method.getName() : "new";
        return Stream.concat(
                                Stream.of(executable.getParameterTypes()).map(Class::getName),
                                Stream.of(executable.getExceptionTypes())
                                        .map(type -> "throws " + type.getName())
                                        .sorted())
                        .collect(Collectors.joining(", ", result + "(", ")"))
                + (Modifier.isStatic(executable.getModifiers()) ? " static" : "");
    }

    private static String shortened(Executable executable) {
        String name = executable instanceof Constructor<?> constructor
                ? constructor.getDeclaringClass().getSimpleName()
                : executable.getName();
        return Arrays.stream(executable.getParameterTypes())
                .map(Class::getSimpleName)
                .collect(Collectors.joining(", ", name + "(", ")"));
    }

    private static String mapped(String name) {
        return name.replace(THEIRS, OURS);
    }

    private static List<Class<?>> supertypes(Class<?> type) {
        List<Class<?>> all = new ArrayList<>(List.of(type.getInterfaces()));
        if (type.getSuperclass() != null) {
            all.add(type.getSuperclass());
        }
        return all;
    }

    private static List<String> constants(String name) throws ClassNotFoundException {
        Object[] constants = Class.forName(name).getEnumConstants();
        return constants == null
                ? List.of()
                : Stream.of(constants).map(String::valueOf).toList();
    }
}
