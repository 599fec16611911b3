# Words of the pages that the server renders alone: they are not in the program that the browser loads.

alone-as-of = Datos de las { $moment }
alone-clock = { $clock } UTC
alone-refresh = Actualizar
alone-refresh-self = Actualización automática
alone-lost = El servidor no respondió: lo que aquí se ve es anterior. Se le vuelve a preguntar automáticamente.

dashboard-title = Panel
dashboard-well = Todo funciona
dashboard-degraded = Con problemas
dashboard-away = En este momento no se puede acceder a la base de datos, así que no se muestran ni las búsquedas ni las colecciones. No se pierde nada de lo aceptado.
dashboard-queue = Cola
dashboard-room = capacidad para { $n }
dashboard-workers =
    { $n ->
        [one] { $n } proceso de trabajo
       *[other] { $n } procesos de trabajo
    }
dashboard-speed = Rendimiento y tiempos
dashboard-window = Periodo mostrado
dashboard-hour = 1 hora
dashboard-day = 24 horas
dashboard-week = 7 días
dashboard-cut = Solo se cuentan las { $n } búsquedas más recientes.
dashboard-throughput = Búsquedas terminadas
dashboard-throughput-is = Barras a lo largo del tiempo: { $completed } completadas, { $failed } fallidas. Las cifras están en la tabla de abajo.
dashboard-latency = Tiempo hasta el resultado, espera incluida
dashboard-latency-is = Tramos a lo largo del tiempo, de la mediana a lo que no superan 95 de cada 100: { $most } como máximo. Las cifras están en la tabla de abajo.
dashboard-median = Mediana
dashboard-slowest = 95 de cada 100 no lo superan
dashboard-nothing = Todavía nada.
dashboard-none = –
dashboard-now = ahora
dashboard-as-table = Como tabla
dashboard-from = Desde
dashboard-stages = En qué se va el tiempo
dashboard-stages-are = Media de cada etapa en este servidor, desde que se inició.
dashboard-stage = Etapa
dashboard-mean = Media
dashboard-searches = Búsquedas
dashboard-newest = Búsquedas más recientes
dashboard-no-ids = Sin fotos, finalidades ni direcciones: esta página está abierta a cualquiera que tenga acceso al servidor.
dashboard-asked = Solicitada
dashboard-state = Estado
dashboard-took = Duración
dashboard-engine = Motor y redes
dashboard-database = Base de datos
dashboard-objects = Archivos
dashboard-ok = accesible
dashboard-not-reached = inaccesible
dashboard-stuck =
    { $n ->
        [one] { $n } hilo está bloqueado en el motor.
       *[other] { $n } hilos están bloqueados en el motor.
    }
dashboard-networks = Las redes, una a una
dashboard-network = Red
dashboard-warm-up = Preparación
dashboard-batch = A la vez
dashboard-to-pools = Todo sobre las colecciones
dashboard-providers = Fuentes
dashboard-provider = Fuente
dashboard-ready = lista
dashboard-unset = sin configurar
dashboard-note = Qué busca
dashboard-sent = Qué recibe

pools-lead = Colecciones de imágenes propias. Cada una se examina una sola vez; desde entonces, una búsqueda compara con sus rostros sin volver a calcularlos.
pools-none = Todavía no hay colecciones
pools-none-why = Una colección es una carpeta o un depósito (bucket) de imágenes con las que se puede comparar.
pools-name = Nombre
pools-name-hint = De 1 a 40 letras, cifras, - o _. Las búsquedas piden la colección por este nombre.
pools-place = Lugar
pools-place-hint = Una carpeta del servidor, como /srv/photos, o s3://bucket/prefijo, dentro de un lugar que el operador haya reservado.
pools-pictures = Imágenes
pools-faces = Rostros
pools-last = Última sincronización
pools-never = nunca
pools-progress = { $done } de { $total } examinadas
pools-failed =
    { $n ->
        [one] No se pudo examinar { $n } imagen; la próxima sincronización lo intenta de nuevo.
       *[other] No se pudieron examinar { $n } imágenes; la próxima sincronización lo intenta de nuevo.
    }
pools-unreadable =
    { $n ->
        [one] { $n } archivo no es una imagen que se pueda leer.
       *[other] { $n } archivos no son imágenes que se puedan leer.
    }
pools-sync = Sincronizar
pools-delete = Eliminar
pools-delete-question = ¿Eliminar la colección { $name }?
pools-delete-what = Se elimina todo lo que se guardó de ella: su lista, los análisis y los vectores de los rostros. Las imágenes se quedan donde están.
pools-delete-settings = Su nombre figura en la configuración del servidor: sigue en la lista y se sincroniza de nuevo en el próximo inicio.
pools-keep = Conservarla
pools-delete-all = Eliminar la colección
pools-add = Añadir una colección
pools-add-now = Añadir
pools-may-not-add = Aquí solo se pueden añadir colecciones si el operador ha reservado un lugar para ellas (POOL_ROOTS).
pools-done-added = La colección se ha añadido. Sincronícela para que las búsquedas encuentren sus rostros al instante.
pools-done-asked = Se ha pedido la sincronización; continúa en segundo plano.
pools-done-deleted = La colección se ha eliminado: ya no se guarda nada de ella.
pools-state-new = Sin sincronizar
pools-state-queued = En espera
pools-state-syncing = Sincronizando
pools-state-synced = Sincronizada
pools-state-failed = Falló la sincronización
pools-state-outdated = Desactualizada
pools-state-not-allowed = No permitida
pools-help-new = Mientras no se sincronice, una búsqueda examina cada una de sus imágenes.
pools-help-outdated = Sus rostros se calcularon con redes distintas de las actuales: vuelve a usarse después de la próxima sincronización.
pools-help-not-allowed = La configuración del servidor ya no permite examinarla.
pools-help-failed = La última sincronización terminó antes de tiempo. Lo guardado se conserva; sincronícela de nuevo.

shared-title = Un resultado compartido
shared-preview = El resultado de la búsqueda de un rostro, compartido con un enlace. Ábralo para ver qué se comparó y con qué certeza.
shared-pill = Compartido con usted, solo para lectura
shared-dates = Búsqueda del { $made }. Este enlace deja de funcionar el { $ends }.
shared-searched = Rostro buscado
shared-ended = Enlace inactivo
shared-ended-title = Este enlace ha dejado de funcionar
shared-ended-why = Se anuló, superó su plazo o se borró lo que mostraba. Pregunte a quien se lo dio.
shared-unknown-title = No hay nada detrás de este enlace
shared-unknown-why = Compruebe que se copió entero.

trouble-old-link = Enlace caducado
trouble-old-link-title = Este enlace ha caducado
trouble-old-link-why = Los enlaces a las imágenes funcionan poco tiempo. Abra de nuevo la página de la búsqueda: allí hay otros nuevos.
trouble-away-title = Esto no se puede mostrar en este momento
trouble-again = Inténtelo de nuevo dentro de un momento. No se pierde nada de lo aceptado.
trouble-again-in = Inténtelo de nuevo dentro de { $seconds } segundos. No se pierde nada de lo aceptado.
trouble-failed = Error
trouble-failed-title = Algo falló en el servicio
trouble-failed-why = No se debe a nada que usted haya hecho. Inténtelo de nuevo y, si persiste, avise al operador.
trouble-operator = El operador lo encuentra en el registro por este identificador: { $id }
trouble-refused = Rechazado
trouble-refused-title = Esto no se hizo
trouble-reload = Intentar de nuevo

refusal-pool-exists = Ya hay una colección con este nombre: elija otro.
refusal-pool-not-allowed = Ahí no se pueden poner colecciones: el operador indica en POOL_ROOTS las carpetas y los depósitos para ellas.
refusal-pool-missing = No existe tal carpeta dentro de los lugares reservados para las colecciones.
refusal-cross-site = Esto lo envió una página de otro sitio: abra la página de este servicio y hágalo allí.
refusal-method-not-allowed = Esta dirección no admite este método.
refusal-not-ready = El servicio todavía se está preparando: inténtelo de nuevo dentro de unos segundos.

problem-not-found = No encontrado
problem-no-page = Aquí no hay ninguna página
problem-no-page-why = Puede que la dirección esté mal escrita o que se haya copiado incompleta.
problem-erased = Borrada
problem-erased-title = Esta búsqueda está borrada
problem-erased-why = Se borró a petición o llegó al final de su plazo. La foto, los vectores faciales, los recortes y los resultados ya no están en este servidor.
problem-no-search = Ninguna búsqueda tiene esta dirección
problem-no-search-why = Compruebe que se copió la dirección completa. Además, las búsquedas se olvidan pasado un tiempo.
problem-out-of-reach = No disponible
