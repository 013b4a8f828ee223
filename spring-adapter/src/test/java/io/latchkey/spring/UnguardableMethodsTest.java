package io.latchkey.spring;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.Future;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Configuration;

/** What a proxy cannot guard stops the application at its start, with a sentence. No database is needed for that. */
class UnguardableMethodsTest {
    @Configuration(proxyBeanMethods = false)
    @EnableLatchkey
    static class Enabled {}

    static class Private {
        @Locked(name = "'x'")
        @SuppressWarnings({"unused", "UnusedMethod"})
        private void work() {}
    }

    static class Static {
        @Locked(name = "'x'")
        static void work() {}
    }

    static class FinalMethod {
        @LeaderOnly("x")
        public final void work() {}
    }

    static final class FinalClass {
        @Locked(name = "'x'")
        public void work() {}
    }

    static class Returns {
        @LeaderOnly("x")
        public int work() {
            return 1;
        }
    }

    static class Later {
        @Locked(name = "'x'")
        public Future<String> work() {
            throw new IllegalStateException();
        }
    }

    static class NoExpression {
        @Locked(name = "'order:' + ")
        public void work() {}
    }

    static class NoTime {
        @Locked(name = "'x'", waitFor = "soon")
        public void work() {}
    }

    static class NoRole {
        @LeaderOnly(" ")
        public void work() {}
    }

    @ParameterizedTest
    @CsvSource({
        "Private, is private",
        "Static, is static",
        "FinalMethod, is final",
        "FinalClass, class is final",
        "Returns, returns something",
        "Later, before its work is done",
        "NoExpression, no SpEL expression",
        "NoTime, no time",
        "NoRole, no role"
    })
    void start_isRefused(String type, String why) throws ClassNotFoundException {
        Class<?> bean = Class.forName(getClass().getName() + "$" + type);
        assertThatThrownBy(() -> new AnnotationConfigApplicationContext(Enabled.class, bean).close())
                .hasMessageContaining(type + ".work()")
                .hasMessageContaining(why);
    }
}
