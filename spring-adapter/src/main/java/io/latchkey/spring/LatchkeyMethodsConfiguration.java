package io.latchkey.spring;

import io.latchkey.Latchkey;
import java.lang.annotation.Annotation;
import org.aopalliance.aop.Advice;
import org.springframework.aop.Advisor;
import org.springframework.aop.config.AopConfigUtils;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.aop.support.annotation.AnnotationMatchingPointcut;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.ImportBeanDefinitionRegistrar;
import org.springframework.context.annotation.Role;
import org.springframework.core.Ordered;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotationMetadata;

/** What {@link EnableLatchkey} imports. */
@Configuration(proxyBeanMethods = false)
@Role(BeanDefinition.ROLE_INFRASTRUCTURE)
@Import(LatchkeyMethodsConfiguration.Proxies.class)
public class LatchkeyMethodsConfiguration {
    /** Outside the advice of transactions, which has the lowest precedence: the lock covers the commit. */
    private static final int LOCKED_ORDER = Ordered.LOWEST_PRECEDENCE - 1000;

    private static final int LEADER_ONLY_ORDER = LOCKED_ORDER - 1;

    @Bean
    @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
    static GuardedMethods latchkeyGuardedMethods(ConfigurableBeanFactory beans) {
        return new GuardedMethods(beans);
    }

    // Suppliers, here and below: advisors are made before all other beans, and must not pull the database forward with
    // them

    @Bean
    @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
    static Advisor latchkeyLockedAdvisor(
            GuardedMethods methods, ObjectProvider<Latchkey> latchkey, ObjectProvider<LockNames> names) {
        return advisor(
                Locked.class,
                LOCKED_ORDER,
                new LockedInterceptor(methods, latchkey::getObject, () -> names.getIfAvailable(LockNames::plain)));
    }

    @Bean
    @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
    static Advisor latchkeyLeaderOnlyAdvisor(GuardedMethods methods, ObjectProvider<Offices> offices) {
        return advisor(LeaderOnly.class, LEADER_ONLY_ORDER, new LeaderOnlyInterceptor(methods, offices::getObject));
    }

    @Bean
    static Offices latchkeyOffices(
            ObjectProvider<Latchkey> latchkey, ObjectProvider<LockNames> names, Environment environment) {
        return new Offices(
                latchkey::getObject, () -> names.getIfAvailable(LockNames::plain), CandidateMetadata.of(environment));
    }

    private static Advisor advisor(Class<? extends Annotation> annotation, int order, Advice advice) {
        DefaultPointcutAdvisor advisor =
                new DefaultPointcutAdvisor(new AnnotationMatchingPointcut(null, annotation, true), advice);
        advisor.setOrder(order);
        return advisor;
    }

    /** Makes sure that somebody makes proxies. */
    static final class Proxies implements ImportBeanDefinitionRegistrar {
        @Override
        public void registerBeanDefinitions(AnnotationMetadata importing, BeanDefinitionRegistry registry) {
            AopConfigUtils.registerAutoProxyCreatorIfNecessary(registry);
        }
    }
}
