package io.latchkey.spring;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import io.latchkey.Latchkey;
import io.latchkey.testkit.PostgresExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.ClassPathResource;
import org.springframework.integration.aggregator.AggregatingMessageHandler;
import org.springframework.integration.aggregator.DefaultAggregatingMessageGroupProcessor;
import org.springframework.integration.aggregator.MessageGroupProcessor;
import org.springframework.integration.channel.QueueChannel;
import org.springframework.integration.config.EnableIntegration;
import org.springframework.integration.handler.ServiceActivatingHandler;
import org.springframework.integration.handler.advice.LockRequestHandlerAdvice;
import org.springframework.integration.jdbc.store.JdbcMessageStore;
import org.springframework.integration.store.SimpleMessageStore;
import org.springframework.integration.support.MessageBuilder;
import org.springframework.integration.support.locks.DefaultLockRegistry;
import org.springframework.integration.support.locks.LockRegistry;
import org.springframework.jdbc.datasource.init.ResourceDatabasePopulator;
import org.springframework.messaging.Message;
import org.springframework.messaging.support.GenericMessage;

/** What Spring Integration itself uses a lock registry for, each between two clients as on two hosts. */
@Timeout(90)
@SuppressWarnings("LockNotBeforeTry")
class ConsumersTest {
    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    @RegisterExtension
    final Threads threads = new Threads();

    private final String key = "consumed/" + System.nanoTime();
    private final Latchkey latchkey = Latchkey.connect(POSTGRES.database().url());
    private final Latchkey otherLatchkey = Latchkey.connect(POSTGRES.database().url());
    private final LatchkeyLockRegistry registry = new LatchkeyLockRegistry(latchkey);
    private final LatchkeyLockRegistry other = new LatchkeyLockRegistry(otherLatchkey);
    private final AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();

    @Configuration(proxyBeanMethods = false)
    @EnableIntegration
    static class Integration {}

    @BeforeEach
    void start() {
        context.register(Integration.class);
        context.refresh();
    }

    @AfterEach
    void close() {
        context.close();
        latchkey.close();
        otherLatchkey.close();
    }

    // LockRequestHandlerAdvice

    /** What a handler does under the lock of its message's payload. */
    private ServiceActivatingHandler advised(LatchkeyLockRegistry locks, AtomicInteger handled, Duration wait) {
        LockRequestHandlerAdvice advice = new LockRequestHandlerAdvice(locks, Message::getPayload);
        advice.setWaitLockDuration(wait);
        advice.setBeanFactory(context);
        advice.afterPropertiesSet();
        ServiceActivatingHandler handler = new ServiceActivatingHandler(message -> {
            handled.incrementAndGet();
            assertThat(locks.obtain(message.getPayload()).isValid()).isTrue();
            return null;
        });
        handler.setAdviceChain(List.of(advice));
        handler.setBeanFactory(context);
        handler.afterPropertiesSet();
        return handler;
    }

    @Test
    void advice_handlesUnderTheLock_andNotWhileAnotherHostHasIt() throws Exception {
        AtomicInteger handled = new AtomicInteger();
        Message<String> message = new GenericMessage<>(key);
        ServiceActivatingHandler patient = advised(registry, handled, Duration.ofSeconds(20));
        patient.handleMessage(message);
        assertThat(handled).hasValue(1);
        other.obtain(key).lock();
        ServiceActivatingHandler hasty = advised(registry, handled, Duration.ofMillis(50));
        assertThatThrownBy(() -> hasty.handleMessage(message)).hasRootCauseInstanceOf(TimeoutException.class);
        Future<?> waiting = threads.start(() -> {
            patient.handleMessage(message);
            return null;
        });
        await().until(() -> latchkey.waitingCalls() == 1);
        assertThat(handled).hasValue(1);
        other.obtain(key).unlock();
        waiting.get(20, SECONDS);
        assertThat(handled).hasValue(2);
    }

    // The aggregator

    private static final int GROUPS = 12;
    private static final int SIZE = 6;

    @BeforeAll
    static void createStore() {
        new ResourceDatabasePopulator(
                        new ClassPathResource("org/springframework/integration/jdbc/schema-postgresql.sql"))
                .execute(POSTGRES.database().dataSource());
    }

    /** Takes its time, as the release strategy does, so that whoever is not locked out comes between. */
    private static final MessageGroupProcessor SLOW = group -> {
        LockSupport.parkNanos(60_000_000);
        return new DefaultAggregatingMessageGroupProcessor().processMessageGroup(group);
    };

    private AggregatingMessageHandler aggregator(LockRegistry<?> locks, HikariDataSource pool, QueueChannel output) {
        AggregatingMessageHandler aggregator = new AggregatingMessageHandler(SLOW, new JdbcMessageStore(pool));
        aggregator.setLockRegistry(locks);
        aggregator.setReleaseStrategy(group -> {
            LockSupport.parkNanos(20_000_000);
            return group.size() == SIZE;
        });
        aggregator.setExpireGroupsUponCompletion(true);
        aggregator.setOutputChannel(output);
        aggregator.setBeanFactory(context);
        aggregator.afterPropertiesSet();
        aggregator.start();
        return aggregator;
    }

    @Test
    void twoAggregators_overOneStore_releaseEachGroupOnceAndWhole() throws Exception {
        aggregate(registry, other);
    }

    /** The control: each host locks for itself alone, and sooner or later that goes wrong. */
    @Test
    void twoAggregators_withoutACommonLock_doNot() {
        assertThatThrownBy(() -> {
                    for (int i = 0; i < 10; i++) {
                        aggregate(new DefaultLockRegistry(), new DefaultLockRegistry());
                    }
                })
                .isInstanceOfAny(AssertionError.class, ExecutionException.class);
    }

    private void aggregate(LockRegistry<?> locks, LockRegistry<?> otherLocks) throws Exception {
        try (HikariDataSource pool = new HikariDataSource()) {
            pool.setJdbcUrl(POSTGRES.database().url());
            QueueChannel output = new QueueChannel();
            List<AggregatingMessageHandler> hosts =
                    List.of(aggregator(locks, pool, output), aggregator(otherLocks, pool, output));
            List<Future<?>> sent = new ArrayList<>();
            for (int thread = 0; thread < SIZE; thread++) { // each sends one message of every group
                int number = thread;
                sent.add(threads.start(() -> {
                    for (int group = 0; group < GROUPS; group++) {
                        hosts.get((number + group) % 2).handleMessage(message(group, number));
                    }
                    return null;
                }));
            }
            for (Future<?> one : sent) {
                one.get(60, SECONDS);
            }
            List<Integer> all = IntStream.range(0, SIZE).boxed().toList();
            assertThat(output.clear())
                    .hasSize(GROUPS)
                    .allSatisfy(message -> assertThat(message.getPayload())
                            .asInstanceOf(InstanceOfAssertFactories.list(Integer.class))
                            .containsExactlyInAnyOrderElementsOf(all));
        }
    }

    private Message<Integer> message(int group, int number) {
        return MessageBuilder.withPayload(number)
                .setCorrelationId(key + "/" + group)
                .setSequenceSize(SIZE)
                .setSequenceNumber(number + 1)
                .build();
    }

    // SimpleMessageStore

    @Test
    void messageStore_locksGroupsWhoseKeysAreNoStrings() throws Exception {
        SimpleMessageStore store = new SimpleMessageStore(0, 0, registry);
        for (Object group : List.of(42L, UUID.randomUUID(), 7)) {
            store.addMessagesToGroup(group, new GenericMessage<>("first"));
            other.obtain(group).lock();
            Future<?> waiting = threads.start(() -> {
                store.addMessagesToGroup(group, new GenericMessage<>("second"));
                return null;
            });
            await().until(() -> latchkey.waitingCalls() == 1);
            assertThat(store.messageGroupSize(group)).isEqualTo(1);
            other.obtain(group).unlock();
            waiting.get(20, SECONDS);
            assertThat(store.messageGroupSize(group)).isEqualTo(2);
            store.removeMessageGroup(group);
        }
        assertThat(latchkey.leases()).isEmpty();
    }
}
