package io.latchkey.skipgate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

final class SkipGateTest {
    private static final String AGREED = "needs: Docker - get it with: apt-get install docker.io";

    @TempDir
    private Path directory = Path.of("");

    @Test
    void disabledWithoutReason_isSilent() throws IOException {
        assertThat(run(WithoutReason.class)).singleElement().asString().startsWith("silent: ");
    }

    @Test
    void disabledClassForSomeReason_isSilent() throws IOException {
        assertThat(run(SomeReason.class))
                .singleElement()
                .asString()
                .startsWith("silent: ")
                .endsWith(": flaky");
    }

    @Test
    void assumptionBeforeAll_isSilent() throws IOException {
        assertThat(run(AssumptionBeforeAll.class))
                .singleElement()
                .asString()
                .startsWith("silent: ")
                .endsWith("not today");
    }

    @Test
    void assumptionBeforeAllOfNestedClass_isSilent() throws IOException {
        assertThat(run(AssumptionInNested.class)).singleElement().asString().startsWith("silent: ");
    }

    @Test
    void needWithoutCommand_isSilent() throws IOException {
        assertThat(run(NeedWithoutCommand.class)).singleElement().asString().startsWith("silent: ");
    }

    @Test
    void agreedReason_isNotSilent() throws IOException {
        assertThat(run(AgreedReason.class))
                .hasSize(2)
                .allSatisfy(line -> assertThat(line).doesNotContain("silent: ").endsWith(AGREED));
    }

    @Test
    void nothingSkipped_leavesAnEmptyFile() throws IOException {
        assertThat(run(NothingSkipped.class)).isEmpty();
    }

    private List<String> run(Class<?> tests) throws IOException {
        Path file = directory.resolve("skips");
        // Without the listener that watches this very run, or it would fail the build
        LauncherConfig config = LauncherConfig.builder()
                .enableTestExecutionListenerAutoRegistration(false)
                .build();
        LauncherFactory.create(config)
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .selectors(selectClass(tests))
                                .build(),
                        new SkipGate(file.toString()));
        return Files.readAllLines(file);
    }

    static final class WithoutReason {
        @Test
        @Disabled
        void skipped() {}
    }

    @Disabled("flaky")
    static final class SomeReason {
        @Test
        void skipped() {}
    }

    static final class AssumptionBeforeAll {
        @BeforeAll
        static void assume() {
            Assumptions.abort("not today");
        }

        @Test
        void skipped() {}
    }

    static final class AssumptionInNested {
        @Test
        void runs() {}

        @Nested
        final class Inner {
            @BeforeAll
            static void assume() {
                Assumptions.abort("not today");
            }

            @Test
            void skipped() {}
        }
    }

    static final class NeedWithoutCommand {
        @Test
        void skipped() {
            Assumptions.abort("needs: Docker");
        }
    }

    static final class AgreedReason {
        @Test
        void skipped() {
            Assumptions.assumeTrue(System.nanoTime() == 0, AGREED);
        }

        @Test
        @Disabled(AGREED)
        void disabled() {}
    }

    static final class NothingSkipped {
        @Test
        void runs() {}
    }
}
