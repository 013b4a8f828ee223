package io.latchkey.internal;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A connection that answers every call at once with "granted": what is left is the client's own work. */
final class StubDatabase implements Connector.Source {
    private static final String REPLY = "(granted,1,1,,)";

    @Override
    public Connection open(int timeoutMs, Duration spin) throws SQLException {
        return proxy(Connection.class, new OfConnection());
    }

    @Override
    public String place() {
        return "nowhere";
    }

    @SuppressWarnings("unchecked")
    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return (T) Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler);
    }

    /** Used by one thread at a time, like the connection it stands for. */
    private static final class OfConnection implements InvocationHandler {
        private String[] replies = {};
        private Long[] tokens = {};

        private final PreparedStatement statement = answering(() -> replies);
        /** Of a batch of simple calls, each of which is done. */
        private final PreparedStatement uncontended = answering(() -> tokens);

        private static PreparedStatement answering(Supplier<Object[]> elements) {
            Array array = proxy(
                    Array.class,
                    (self, method, arguments) -> method.getName().equals("getArray") ? elements.get() : null);
            ResultSet row = proxy(ResultSet.class, (self, method, arguments) -> switch (method.getName()) {
                case "next" -> true;
                case "getBoolean" -> false;
                case "getString" -> REPLY;
                case "getArray" -> array;
                default -> null;
            });
            return proxy(
                    PreparedStatement.class,
                    (self, method, arguments) -> method.getName().equals("executeQuery") ? row : null);
        }

        @Override
        public @Nullable Object invoke(Object self, java.lang.reflect.Method method, @Nullable Object[] arguments) {
            return switch (method.getName()) {
                case "createStatement" -> statement;
                case "prepareStatement" ->
                    String.valueOf(arguments[0]).contains("run_uncontended") ? uncontended : statement;
                case "createArrayOf" -> {
                    expect(arguments[1] == null ? 0 : ((Object[]) arguments[1]).length);
                    yield null;
                }
                default -> null;
            };
        }

        /** As many answers as there are calls. */
        private void expect(int calls) {
            if (replies.length != calls) {
                replies = new String[calls];
                Arrays.fill(replies, REPLY);
                tokens = new Long[calls];
                Arrays.fill(tokens, 1L);
            }
        }
    }
}
