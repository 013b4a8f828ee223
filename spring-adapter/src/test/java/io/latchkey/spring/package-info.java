@NullMarked
package io.latchkey.spring;

import org.jspecify.annotations.NullMarked;
