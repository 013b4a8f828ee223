@NullMarked
package io.latchkey.spring.observe;

import org.jspecify.annotations.NullMarked;
