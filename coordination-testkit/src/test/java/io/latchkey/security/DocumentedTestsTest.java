package io.latchkey.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the docs promise names the tests that show it: they are there, and so are their methods. */
final class DocumentedTestsTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern NAMED = Pattern.compile("`(\\w+Test)(?:#(\\w+))?`");

    private static Map<String, String> tests() throws IOException {
        Map<String, String> tests = new HashMap<>();
        try (Stream<Path> modules = Files.walk(ROOT, 3)) {
            for (Path folder :
                    (Iterable<Path>)
                            modules.filter(path -> path.endsWith(Path.of("src", "test", "java"))
                                    || path.endsWith(Path.of("src", "test")))::iterator) {
                try (Stream<Path> files = Files.walk(folder)) {
                    for (Path file : (Iterable<Path>)
                            files.filter(path -> path.toString().endsWith("Test.java"))::iterator) {
                        String name = file.getFileName().toString();
                        tests.put(name.substring(0, name.length() - 5), Files.readString(file));
                    }
                }
            }
        }
        return tests;
    }

    @Test
    void everyTestThatADocumentNames_isThere() throws IOException {
        Map<String, String> tests = tests();
        for (String document : new String[] {"guarantees.md", "security.md", "model.md"}) {
            var matcher = NAMED.matcher(Files.readString(ROOT.resolve("docs").resolve(document)));
            int named = 0;
            while (matcher.find()) {
                named++;
                assertThat(tests).as("%s in %s", matcher.group(), document).containsKey(matcher.group(1));
                if (matcher.group(2) != null) {
                    assertThat(tests.get(matcher.group(1)))
                            .as("%s in %s", matcher.group(), document)
                            .contains(" " + matcher.group(2) + "(");
                }
            }
            assertThat(named).as("tests that %s names", document).isGreaterThanOrEqualTo(3);
        }
    }

    @Test
    void everyPromise_namesATest() throws IOException {
        long promises = Files.readString(ROOT.resolve("docs").resolve("guarantees.md"))
                .lines()
                .filter(line -> line.matches("\\| \\d+ \\|.*"))
                .peek(line -> assertThat(NAMED.matcher(line).find()).as(line).isTrue())
                .count();
        assertThat(promises).isGreaterThanOrEqualTo(15);
    }

    /** No lock service can: a program may be paused between its look at the lease and what it does next. */
    @Test
    void noDocument_promisesMutualExclusion() throws IOException {
        try (Stream<Path> documents = Files.walk(ROOT.resolve("docs"), 1)) {
            Stream<Path> all = Stream.concat(documents, Stream.of(ROOT.resolve("README.md")));
            for (Path document :
                    (Iterable<Path>) all.filter(path -> path.toString().endsWith(".md"))::iterator) {
                assertThat(Files.readString(document).toLowerCase(Locale.ROOT))
                        .as(document.toString())
                        .doesNotContain("guarantees mutual exclusion", "mutual exclusion is guaranteed");
            }
        }
    }
}
