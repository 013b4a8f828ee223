package io.latchkey.curator.differential;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** What a user does who leaves Curator: other imports, nothing else. Compiles all scenarios that way. */
final class Translation {
    private static final String PACKAGE = "io.latchkey.curator.differential.scenarios";
    private static final String TRANSLATED = "io.latchkey.curator.differential.translated";
    private static final ClassLoader CLASSES = compile();

    private Translation() {}

    /** The class of a scenario, for Latchkey. */
    static Class<?> of(Class<?> scenario) throws ClassNotFoundException {
        return Class.forName(scenario.getName().replace(PACKAGE, TRANSLATED), true, CLASSES);
    }

    private static ClassLoader compile() {
        try {
            Path sources = Path.of(System.getProperty("basedir", "."), "src/test/java", PACKAGE.replace('.', '/'));
            Path target = Files.createTempDirectory("latchkey-translated");
            List<String> arguments = new ArrayList<>(List.of("-d", target.toString(), "-proc:none"));
            arguments.addAll(List.of("-classpath", System.getProperty("java.class.path")));
            try (Stream<Path> files = Files.list(sources)) {
                for (Path file : files.toList()) {
                    Path copy = target.resolve(file.getFileName());
                    Files.writeString(copy, translated(Files.readString(file)));
                    arguments.add(copy.toString());
                }
            }
            JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
            StringWriter messages = new StringWriter();
            var task = compiler.getTask(
                    messages,
                    null,
                    null,
                    arguments.subList(0, 5),
                    null,
                    compiler.getStandardFileManager(null, null, null)
                            .getJavaFileObjects(
                                    arguments.subList(5, arguments.size()).toArray(String[]::new)));
            assertThat(task.call()).as(messages.toString()).isTrue();
            return new URLClassLoader(new URL[] {target.toUri().toURL()}, Translation.class.getClassLoader());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String translated(String source) {
        return source.replace(PACKAGE, TRANSLATED).replace("org.apache.curator", "io.latchkey.curator");
    }
}
