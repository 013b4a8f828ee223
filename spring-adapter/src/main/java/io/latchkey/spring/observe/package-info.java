/** What is seen of the locks: meters, observations and the actuator's endpoint. */
@NullMarked
package io.latchkey.spring.observe;

import org.jspecify.annotations.NullMarked;
