package io.latchkey.testkit;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives tests a database of their own on {@link PostgresServer#shared()}: one per class where the extension is registered
 * with {@code @ExtendWith} or in a static field, one per test where it is in an instance field. A parameter of type {@link
 * TestDatabase} receives it.
 *
 * <pre>{@code
 * @RegisterExtension
 * static final PostgresExtension POSTGRES = new PostgresExtension(database -> install(database));
 * }</pre>
 */
public final class PostgresExtension
        implements BeforeAllCallback, AfterAllCallback, BeforeEachCallback, AfterEachCallback, ParameterResolver {
    private final Consumer<TestDatabase> setUp;
    private @Nullable TestDatabase database;
    private boolean perTest;
    private int classes;

    /** Databases that are empty. */
    public PostgresExtension() {
        this(database -> {});
    }

    /** Databases that this prepares, for example by installing a schema. */
    public PostgresExtension(Consumer<TestDatabase> setUp) {
        this.setUp = setUp;
    }

    /** The database of the test, or of the class, that runs. */
    public TestDatabase database() {
        TestDatabase current = database;
        if (current == null) {
            throw new IllegalStateException("No test runs");
        }
        return current;
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        if (classes++ == 0) { // Nested classes share the database of the outermost.
            open();
        }
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        if (database == null) {
            perTest = true;
            open();
        }
    }

    @Override
    public void afterEach(ExtensionContext context) {
        if (perTest) {
            close();
        }
    }

    @Override
    public void afterAll(ExtensionContext context) {
        if (--classes == 0) {
            close();
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == TestDatabase.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return database();
    }

    private void open() {
        TestDatabase fresh = PostgresServer.shared().database();
        try {
            setUp.accept(fresh);
        } catch (RuntimeException | Error e) {
            fresh.close();
            throw e;
        }
        database = fresh;
    }

    private void close() {
        TestDatabase current = database;
        database = null;
        if (current != null) {
            current.close();
        }
    }
}
