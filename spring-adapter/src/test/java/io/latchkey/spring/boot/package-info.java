@NullMarked
package io.latchkey.spring.boot;

import org.jspecify.annotations.NullMarked;
