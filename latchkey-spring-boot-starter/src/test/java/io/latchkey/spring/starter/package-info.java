/** What the starter brings is enough. */
@NullMarked
package io.latchkey.spring.starter;

import org.jspecify.annotations.NullMarked;
