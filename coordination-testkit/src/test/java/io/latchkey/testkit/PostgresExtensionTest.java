package io.latchkey.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.extension.RegisterExtension;

final class PostgresExtensionTest {
    @RegisterExtension
    static final PostgresExtension PER_CLASS =
            new PostgresExtension(database -> database.execute("CREATE TABLE installed ()"));

    private static final Set<String> SEEN = new HashSet<>();

    @RegisterExtension
    final PostgresExtension perTest = new PostgresExtension();

    @RepeatedTest(2)
    void database_isPerClassOrPerTest() throws SQLException {
        assertThat(Sql.query(PER_CLASS.database().address(), "SELECT to_regclass('installed')"))
                .isEqualTo("installed");
        assertThat(SEEN.add(perTest.database().name())).isTrue();
        SEEN.add(PER_CLASS.database().name());
        assertThat(SEEN).hasSizeLessThanOrEqualTo(3);
    }
}
