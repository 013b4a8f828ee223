package io.latchkey.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.LeaseLostException;
import io.latchkey.testkit.PostgresExtension;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.annotation.EnableTransactionManagement;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;

/** Methods that are {@code @Locked} and {@code @LeaderOnly}, in a context with transactions. */
@Timeout(60)
class GuardedMethodsTest {
    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    @RegisterExtension
    final Threads threads = new Threads();

    @SuppressWarnings("NullAway.Init")
    private AnnotationConfigApplicationContext context;

    @SuppressWarnings("NullAway.Init")
    private Latchkey observer;

    @BeforeEach
    void start() {
        context = new AnnotationConfigApplicationContext(Application.class);
        observer = Latchkey.connect(POSTGRES.database().url());
    }

    @AfterEach
    void stop() {
        context.close();
        observer.close();
    }

    private Orders orders() {
        return context.getBean(Orders.class);
    }

    private boolean isFree(String name) {
        return observer.lock(name).tryAcquire().map(Lease::release).orElse(false);
    }

    record Order(long id) {}

    /** An application without Boot. */
    @Configuration(proxyBeanMethods = false)
    @EnableLatchkey
    @EnableTransactionManagement(proxyTargetClass = true)
    @Import({Orders.class, Jobs.class})
    static class Application {
        @Bean(destroyMethod = "close")
        Latchkey latchkey() {
            return Latchkey.builder(POSTGRES.database().url())
                    .sessionTimeout(Duration.ofSeconds(3))
                    .holder("application")
                    .connect();
        }

        @Bean
        DataSource dataSource() {
            return POSTGRES.database().dataSource();
        }

        @Bean
        PlatformTransactionManager transactionManager(DataSource dataSource) {
            return new DataSourceTransactionManager(dataSource);
        }

        @Bean
        TransactionFence transactionFence(DataSource dataSource) {
            return new TransactionFence(dataSource);
        }
    }

    static class Orders {
        private final CountDownLatch inside = new CountDownLatch(1);
        private final CountDownLatch proceed = new CountDownLatch(1);
        private final TransactionFence fence;
        private final JdbcTemplate jdbc;

        Orders(TransactionFence fence, DataSource dataSource) {
            this.fence = fence;
            this.jdbc = new JdbcTemplate(dataSource);
        }

        CountDownLatch inside() { // methods: the fields of a proxy are empty
            return inside;
        }

        CountDownLatch proceed() {
            return proceed;
        }

        @Locked(name = "'order:' + #order.id", waitFor = "100ms")
        public long ship(Order order) {
            return CurrentLease.get().fencingToken();
        }

        @Locked(name = "#p0", waitFor = "0")
        public String name(Object key) {
            return CurrentLease.get().lock();
        }

        @Locked(name = "'slow'")
        public void slowly() throws InterruptedException {
            inside.countDown();
            proceed.await();
        }

        @Locked(name = "'slow'", waitFor = "${no.such.property:50ms}")
        public void impatiently() {}

        @Locked(name = "'outer'")
        public boolean again(Orders self) {
            return self.inner();
        }

        @Locked(name = "'outer'", waitFor = "0")
        public boolean inner() {
            return CurrentLease.get().isValid();
        }

        @Locked(name = "'tx'")
        @Transactional
        public void writes() {
            assertThat(TransactionSynchronizationManager.isActualTransactionActive())
                    .isTrue();
            fence.fence(CurrentLease.get());
            TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {
                @Override
                public void afterCommit() {
                    // the lease lives until after the commit
                    jdbc.execute("CREATE TABLE IF NOT EXISTS seen (valid boolean)");
                    jdbc.update(
                            "INSERT INTO seen VALUES (?)", CurrentLease.get().isValid());
                }
            });
        }

        @Locked(name = "'inner-tx'")
        public void inCallersTransaction() {}

        @Locked(name = "'async'")
        public CompletableFuture<String> later(CompletableFuture<String> result) {
            return result;
        }

        @Locked(name = "'lost'")
        public void loses() {
            POSTGRES.database().execute("DELETE FROM latchkey._session WHERE holder = 'application'");
            await().pollInSameThread()
                    .atMost(Duration.ofSeconds(20))
                    .until(() -> !CurrentLease.get().isValid());
        }

        @Locked(name = "'fails'")
        public void fails() {
            throw new IllegalArgumentException("of its own");
        }

        @Locked(name = "billing")
        public void nameWithoutQuotes() {}

        @Locked(name = "#p0")
        public void keyThatIsNull(Object key) {}
    }

    static class Jobs {
        private final CountDownLatch inside = new CountDownLatch(1);
        private final CountDownLatch proceed = new CountDownLatch(1);
        private final AtomicInteger runs = new AtomicInteger();
        private volatile long term;

        CountDownLatch inside() { // methods: the fields of a proxy are empty
            return inside;
        }

        CountDownLatch proceed() {
            return proceed;
        }

        int runs() {
            return runs.get();
        }

        long term() {
            return term;
        }

        @LeaderOnly("${no.such.property:billing}")
        public void bill() {
            term = CurrentLease.get().fencingToken();
            runs.incrementAndGet();
        }

        @LeaderOnly("slow-job")
        public void slowly() throws InterruptedException {
            inside.countDown();
            proceed.await();
        }
    }

    @Test
    void locked_takesTheLockOfItsArguments_andGivesItBack() {
        assertThat(orders().ship(new Order(42))).isPositive();
        assertThat(isFree("order:42")).isTrue();
        Lease held = observer.lock("order:42").tryAcquire().orElseThrow();
        assertThatThrownBy(() -> orders().ship(new Order(42)))
                .isInstanceOf(LockNotAvailableException.class)
                .hasMessageContaining("order:42")
                .hasMessageContaining("100 ms");
        assertThat(orders().ship(new Order(43))).isPositive();
        held.release();
        assertThat(orders().ship(new Order(42))).isGreaterThan(held.fencingToken());
        assertThat(CurrentLease.find()).isEmpty();
    }

    @Test
    void locked_takesAnyKey() {
        assertThat(orders().name(7L)).isEqualTo("#java.lang.Long:7");
        assertThat(orders().name("text")).isEqualTo("text");
    }

    @Test
    void locked_keepsOthersOut_andResolvesPlaceholders() throws Exception {
        Future<?> running = threads.start(() -> {
            orders().slowly();
            return null;
        });
        orders().inside().await();
        assertThat(isFree("slow")).isFalse();
        assertThatThrownBy(() -> orders().impatiently())
                .isInstanceOf(LockNotAvailableException.class)
                .hasMessageContaining("50 ms");
        orders().proceed().countDown();
        running.get(20, TimeUnit.SECONDS);
        orders().impatiently();
    }

    @Test
    void locked_underTheSameLock_isEnteredAtOnce() {
        assertThat(orders().again(orders())).isTrue();
        assertThat(isFree("outer")).isTrue();
    }

    @Test
    void locked_coversTheCommitOfItsTransaction() {
        orders().writes();
        assertThat(new JdbcTemplate(context.getBean(DataSource.class))
                        .queryForObject("SELECT bool_and(valid) FROM seen", Boolean.class))
                .isTrue();
        assertThat(isFree("tx")).isTrue();
    }

    @Test
    void locked_inACallersTransaction_isHeldUntilThatHasEnded() {
        TransactionTemplate transaction = new TransactionTemplate(context.getBean(PlatformTransactionManager.class));
        transaction.executeWithoutResult(status -> {
            orders().inCallersTransaction();
            assertThat(isFree("inner-tx")).isFalse();
            orders().inCallersTransaction(); // once more, in the same transaction
        });
        assertThat(isFree("inner-tx")).isTrue();
        assertThat(CurrentLease.find()).isEmpty();
    }

    @Test
    void callersTransaction_whoseLockWasLost_doesNotCommit() {
        JdbcTemplate jdbc = new JdbcTemplate(context.getBean(DataSource.class));
        jdbc.execute("CREATE TABLE IF NOT EXISTS written (n int)");
        TransactionTemplate transaction = new TransactionTemplate(context.getBean(PlatformTransactionManager.class));
        assertThatThrownBy(() -> transaction.executeWithoutResult(status -> {
                    jdbc.update("INSERT INTO written VALUES (1)");
                    orders().loses();
                }))
                .isInstanceOf(LeaseLostException.class);
        assertThat(jdbc.queryForObject("SELECT count(*) FROM written", Integer.class))
                .isZero();
    }

    @Test
    void locked_whoseLeaseIsLost_saysSoAfterTheMethod() {
        assertThatThrownBy(() -> orders().loses())
                .isInstanceOf(LeaseLostException.class)
                .hasMessageContaining("lost");
    }

    @Test
    void locked_thatFails_throwsItsOwnException_andGivesTheLockBack() {
        assertThatThrownBy(() -> orders().fails()).isInstanceOf(IllegalArgumentException.class);
        assertThat(isFree("fails")).isTrue();
    }

    @Test
    void locked_thatReturnsAStage_isHeldUntilThatIsComplete() throws ExecutionException, InterruptedException {
        CompletableFuture<String> result = new CompletableFuture<>();
        CompletableFuture<String> seen = orders().later(result);
        assertThat(isFree("async")).isFalse();
        result.complete("done");
        assertThat(seen.get()).isEqualTo("done");
        assertThat(isFree("async")).isTrue();
    }

    @Test
    void locked_withANameThatIsNoKey_saysWhatToWrite() {
        assertThatThrownBy(() -> orders().nameWithoutQuotes())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("'billing'");
        assertThatThrownBy(() -> orders().keyThatIsNull(nothing()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is null");
    }

    @SuppressWarnings("NullAway")
    private static Object nothing() {
        return null;
    }

    @Test
    void leaderOnly_runsWhereTheApplicationLeads() {
        Jobs jobs = context.getBean(Jobs.class);
        await().atMost(Duration.ofSeconds(20)).until(() -> {
            jobs.bill();
            return jobs.runs() > 0;
        });
        assertThat(jobs.term()).isPositive();
        try (var second = new AnnotationConfigApplicationContext(Application.class)) {
            Jobs others = second.getBean(Jobs.class);
            others.bill();
            assertThat(others.runs()).isZero();
            context.close();
            await().atMost(Duration.ofSeconds(20)).until(() -> {
                others.bill();
                return others.runs() > 0;
            });
            assertThat(others.term()).isGreaterThan(jobs.term());
        }
    }

    @Test
    void leaderOnly_thatRunsWhenTheApplicationStops_keepsTheOfficeUntilItHasReturned() throws Exception {
        Jobs jobs = context.getBean(Jobs.class);
        await().atMost(Duration.ofSeconds(20)).until(() -> !isFree("slow-job"));
        Future<?> running = threads.start(() -> {
            jobs.slowly();
            return null;
        });
        jobs.inside().await();
        Future<?> stopping = threads.start(() -> {
            context.close();
            return null;
        });
        Offices offices = context.getBean(Offices.class);
        await().atMost(Duration.ofSeconds(20)).until(() -> !offices.isRunning());
        assertThat(isFree("slow-job")).isFalse();
        assertThat(stopping.isDone()).isFalse();
        jobs.proceed().countDown();
        running.get(20, TimeUnit.SECONDS);
        stopping.get(20, TimeUnit.SECONDS);
        assertThat(isFree("slow-job")).isTrue();
    }
}
