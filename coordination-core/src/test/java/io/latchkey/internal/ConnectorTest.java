package io.latchkey.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.CoordinationException;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

class ConnectorTest {
    @Test
    void place_hasHostsPortsAndDatabase_andNoPassword() {
        assertThat(Connector.url("jdbc:postgresql://a:1,b:2/app?user=me&password=secret")
                        .place())
                .isEqualTo("a:1,b:2/app");
        assertThat(Connector.url("jdbc:postgresql://db/app").place()).isEqualTo("db:5432/app");
    }

    @Test
    void url_thatIsNone_isRefused_withoutRepeatingIt() {
        assertThatThrownBy(() -> Connector.url("jdbc:mysql://a/b?password=secret"))
                .isInstanceOf(CoordinationException.class)
                .hasMessageContaining("jdbc:postgresql://")
                .hasMessageNotContaining("secret");
    }

    @Test
    void dataSource_thatTellsItsUrl_isRead() {
        PGSimpleDataSource dataSource = new PGSimpleDataSource();
        dataSource.setServerNames(new String[] {"db"});
        dataSource.setPortNumbers(new int[] {6000});
        dataSource.setDatabaseName("app");
        assertThat(Connector.dataSource(dataSource).place()).isEqualTo("db:6000/app");
    }
}
