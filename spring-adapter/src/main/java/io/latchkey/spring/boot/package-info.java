/** Auto-configuration for Spring Boot: from the application's data source to a client, a registry and its health. */
@NullMarked
package io.latchkey.spring.boot;

import org.jspecify.annotations.NullMarked;
