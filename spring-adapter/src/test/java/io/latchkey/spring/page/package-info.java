@NullMarked
package io.latchkey.spring.page;

import org.jspecify.annotations.NullMarked;
